/** [supd], [grpc_server], [supctl]. */
import path from 'node:path';
import type { CtlSpec, DaemonSpec, GrpcServerSpec, Overrides } from '../config.js';
import { omitUndefined } from '../omit-undefined.js';
import type { Table, Values } from '../options/row.js';
import { GRPC_SERVER, SUPCTL, SUPD } from '../options/supd.js';
import { placeOf, type Reading, readOptions } from '../reader.js';
import type { Section } from '../sections.js';
import { checkTlsFiles } from './tls.js';

/** What is given on the command line counts instead of what the file says; the file is checked all the same. */
export function compileDaemon(reading: Reading, section: Section, overrides: Overrides): DaemonSpec {
  const file = readOptions(reading, section, SUPD);
  const given = readOptions({ ...reading, verbatim: true }, asSection(overrides), pick(SUPD, overrides));
  const values: Values<typeof SUPD> = { ...file, ...omitUndefined(given) };
  return {
    logfile: values.logfile,
    logfileMaxBytes: values.logfile_maxbytes,
    logfileBackups: values.logfile_backups,
    logLevel: values.loglevel,
    logFormat: values.log_format,
    pidfile: values.pidfile,
    umask: values.umask,
    nodaemon: values.nodaemon,
    silent: values.silent,
    minfds: values.minfds,
    minprocs: values.minprocs,
    nocleanup: values.nocleanup,
    stripAnsi: values.strip_ansi,
    childLogDir: values.childlogdir ?? reading.surroundings.tmpDir,
    environment: values.environment,
    identifier: values.identifier,
    compat: values.compat,
    strictPermissions: values.strict_permissions,
    ...omitUndefined({
      directory: values.directory,
      user: values.user,
      rundir: values.rundir,
      statedir: values.statedir,
    }),
  };
}

export function compileGrpcServer(reading: Reading, section: Section): GrpcServerSpec {
  const values = readOptions(reading, section, GRPC_SERVER);
  if (values.listen !== undefined) {
    for (const key of ['tls_cert', 'tls_key', 'tls_client_ca']) {
      if (section.entries.has(key)) continue;
      reading.problems.error(
        placeOf(section, 'listen'),
        `needs ${key} too: a port is served by TLS with client certificates only`,
      );
    }
    checkTlsFiles(reading, section, values);
  }
  return {
    mode: values.mode,
    readonlyMode: values.readonly_mode,
    ...omitUndefined({
      socket: values.socket,
      owner: values.owner,
      readonlySocket: values.readonly_socket,
      readonlyOwner: values.readonly_owner,
      listen: values.listen,
      tlsCert: values.tls_cert,
      tlsKey: values.tls_key,
      tlsClientCa: values.tls_client_ca,
    }),
  };
}

export function compileCtl(reading: Reading, section: Section): CtlSpec {
  const values = readOptions(reading, section, SUPCTL);
  return {
    prompt: values.prompt,
    ...omitUndefined({
      serverurl: section.entries.has('serverurl') ? normalizeUrl(values.serverurl, reading) : undefined,
      username: values.username,
      password: values.password,
      historyFile: values.history_file,
    }),
  };
}

/** A path in it is made absolute. */
function normalizeUrl(url: string, { base }: Reading): string {
  return url.startsWith('unix://') ? `unix://${path.resolve(base, url.slice('unix://'.length))}` : url;
}

/** The command line as a section. */
function asSection(overrides: Overrides): Section {
  const source = { file: 'command line', here: '' };
  const entries = new Map(
    Object.entries(overrides).map(([key, value]) => [
      key,
      { key, value, strictValue: value, header: 'supd', source, line: 0 },
    ]),
  );
  return { kind: 'supd', name: undefined, header: 'supd', source, line: 0, own: entries, entries };
}

function pick<T extends Table>(table: T, names: Overrides): Partial<T> & Table {
  return Object.fromEntries(
    Object.entries(table).filter(([name]) => Object.hasOwn(names, name)),
  ) as Partial<T> & Table;
}
