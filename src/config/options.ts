/** The option table: every section kind with its options, in the order in which they are shown. */
import { EVENT_LISTENER, FCGI_PROGRAM, GROUP } from './options/groups.js';
import { JOB, NOTIFY } from './options/job.js';
import { PROGRAM, PROGRAM_COPY, PROGRAM_ENVIRONMENT } from './options/program.js';
import type { OptionRow, Table } from './options/row.js';
import { CTL_PLUGIN, INET_HTTP_SERVER, RPC_INTERFACE, UNIX_HTTP_SERVER } from './options/servers.js';
import { GRPC_SERVER, INCLUDE, SUPCTL, SUPD } from './options/supd.js';

export interface SectionKind {
  /** What stands before the colon. */
  readonly kind: string;
  /** supervisord's word for it. */
  readonly alias?: string;
  /** Does a name follow the colon? */
  readonly named: 'always' | 'maybe' | 'never';
  readonly doc: string;
  readonly table: Table;
  /** Has the options of a program as well. */
  readonly isProgram?: true;
  /** Other keys belong to a plugin. */
  readonly open?: true;
  readonly served?: 'later';
}

const PROGRAM_TABLE: Table = { ...PROGRAM_COPY, ...PROGRAM, ...PROGRAM_ENVIRONMENT };

export const SECTION_KINDS: readonly SectionKind[] = [
  { kind: 'supd', alias: 'supervisord', named: 'never', doc: 'the daemon', table: SUPD },
  { kind: 'grpc_server', named: 'never', doc: 'control socket', table: GRPC_SERVER },
  { kind: 'supctl', alias: 'supervisorctl', named: 'never', doc: 'the client', table: SUPCTL },
  { kind: 'include', named: 'never', doc: 'further files', table: INCLUDE },
  { kind: 'program', named: 'always', doc: 'something to keep running', table: PROGRAM_TABLE },
  { kind: 'group', named: 'always', doc: 'programs under one name', table: GROUP },
  {
    kind: 'job',
    named: 'always',
    doc: 'something to run and be done with, by the clock or by hand',
    table: JOB,
  },
  {
    kind: 'eventlistener',
    named: 'always',
    doc: 'a program that is told of events',
    table: EVENT_LISTENER,
    isProgram: true,
  },
  {
    kind: 'fcgi-program',
    named: 'always',
    doc: 'a program with a socket as its stdin',
    table: FCGI_PROGRAM,
    isProgram: true,
  },
  {
    kind: 'unix_http_server',
    named: 'maybe',
    doc: 'XML-RPC on a unix socket',
    table: UNIX_HTTP_SERVER,
  },
  {
    kind: 'inet_http_server',
    named: 'maybe',
    doc: 'XML-RPC on a port',
    table: INET_HTTP_SERVER,
  },
  {
    kind: 'rpcinterface',
    named: 'always',
    doc: 'the XML-RPC methods',
    table: RPC_INTERFACE,
    open: true,
  },
  {
    kind: 'ctlplugin',
    named: 'always',
    doc: 'plugin of supervisorctl',
    table: CTL_PLUGIN,
    open: true,
  },
  {
    kind: 'notify',
    named: 'always',
    doc: 'who is told when something fails',
    table: NOTIFY,
  },
];

/** The kind by its first name, as sections.ts gives it. supervisord takes [inet_http_server2] for a server, too. */
export function findKind(kind: string): SectionKind | undefined {
  return SECTION_KINDS.find(
    (known) => known.kind === kind || (known.named === 'maybe' && kind.startsWith(known.kind)),
  );
}

/** Every option of a kind, those of a program included. */
export function optionsOf(kind: SectionKind): readonly (readonly [name: string, row: OptionRow])[] {
  return Object.entries(kind.isProgram === true ? { ...PROGRAM_TABLE, ...kind.table } : kind.table);
}

/** Has a kind an option of this name? */
export function hasOption(kind: SectionKind, name: string): boolean {
  return Object.hasOwn(kind.table, name) || (kind.isProgram === true && Object.hasOwn(PROGRAM_TABLE, name));
}
