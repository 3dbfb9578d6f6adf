/** What of [supd] and its servers differs between two configurations: nothing of it changes while supd runs. */
import { compareAlways, type Names, type SectionPlan } from '../core/change/sections.js';
import type { Config, DaemonSpec, GrpcServerSpec, HttpServerSpec } from './config.js';

const DAEMON: Names<DaemonSpec> = {
  logfile: 'logfile',
  logfileMaxBytes: 'logfile_maxbytes',
  logfileBackups: 'logfile_backups',
  logLevel: 'loglevel',
  logFormat: 'log_format',
  pidfile: 'pidfile',
  umask: 'umask',
  directory: 'directory',
  user: 'user',
  nodaemon: 'nodaemon',
  silent: 'silent',
  minfds: 'minfds',
  minprocs: 'minprocs',
  nocleanup: 'nocleanup',
  stripAnsi: 'strip_ansi',
  childLogDir: 'childlogdir',
  environment: ['environment'],
  identifier: 'identifier',
  rundir: 'rundir',
  statedir: 'statedir',
  compat: 'compat',
  strictPermissions: 'strict_permissions',
};

const GRPC: Names<GrpcServerSpec> = {
  socket: 'socket',
  mode: 'mode',
  owner: 'owner',
  readonlySocket: 'readonly_socket',
  readonlyMode: 'readonly_mode',
  readonlyOwner: 'readonly_owner',
  listen: 'listen',
  tlsCert: 'tls_cert',
  tlsKey: 'tls_key',
  tlsClientCa: 'tls_client_ca',
};

const HTTP: Names<HttpServerSpec> = {
  section: 'section',
  kind: 'kind',
  address: 'address',
  chmod: 'chmod',
  chown: 'chown',
  username: ['username'],
  password: ['password'],
};

/** Sections whose changes wait for `reload`. */
export function compareDaemons(before: Config, after: Config): readonly SectionPlan[] {
  const sections = new Set([...before.http, ...after.http].map(({ section }) => section));
  const of = ({ http }: Config, section: string): Partial<HttpServerSpec> =>
    http.find((one) => one.section === section) ?? {};
  return [
    ...compareAlways('supd', before.daemon, after.daemon, DAEMON),
    ...compareAlways('grpc_server', before.grpc, after.grpc, GRPC),
    ...[...sections].flatMap((section) =>
      compareAlways<Partial<HttpServerSpec>>(section, of(before, section), of(after, section), HTTP),
    ),
  ];
}
