/** What a configuration file comes to. Types only. */
import type { JobSpec } from '../core/job.js';
import type { NotifySpec } from '../core/notice.js';
import type { GroupSpec, Millis } from '../core/program.js';

export type LogLevel = 'critical' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'blather';

/** [supd], alias [supervisord]. Paths are absolute. */
export interface DaemonSpec {
  readonly logfile: string;
  readonly logfileMaxBytes: number;
  readonly logfileBackups: number;
  readonly logLevel: LogLevel;
  /** Lines of the main log: supervisord's, or one JSON object each. */
  readonly logFormat: 'text' | 'json';
  readonly pidfile: string;
  readonly umask: number;
  readonly directory?: string;
  readonly user?: string;
  readonly nodaemon: boolean;
  readonly silent: boolean;
  readonly minfds: number;
  readonly minprocs: number;
  readonly nocleanup: boolean;
  readonly stripAnsi: boolean;
  readonly childLogDir: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly identifier: string;
  /** undefined: the default place, which depends on who runs supd (daemon/places.ts). */
  readonly rundir?: string;
  readonly statedir?: string;
  readonly compat: 'supd' | 'strict';
  /** Root goes by no file that others can write. */
  readonly strictPermissions: boolean;
}

/** [grpc_server]. `owner` is `user` or `user:group` as configured. */
export interface GrpcServerSpec {
  /** undefined: `<rundir>/supd.sock`. */
  readonly socket?: string;
  readonly mode: number;
  readonly owner?: string;
  readonly readonlySocket?: string;
  readonly readonlyMode: number;
  readonly readonlyOwner?: string;
  readonly listen?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsClientCa?: string;
}

/** [unix_http_server] and [inet_http_server]. */
export interface HttpServerSpec {
  readonly section: string;
  readonly kind: 'unix' | 'inet';
  /** The socket's path, or host:port. */
  readonly address: string;
  readonly chmod?: number;
  readonly chown?: string;
  readonly username?: string;
  readonly password?: string;
}

/** [supctl], alias [supervisorctl]. */
export interface CtlSpec {
  readonly serverurl?: string;
  readonly username?: string;
  readonly password?: string;
  readonly prompt: string;
  readonly historyFile?: string;
}

export interface Config {
  /** The main file, absolute, links resolved. */
  readonly path: string;
  /** Included files, in reading order. */
  readonly included: readonly string[];
  readonly daemon: DaemonSpec;
  readonly grpc: GrpcServerSpec;
  readonly http: readonly HttpServerSpec[];
  /** The x of each [rpcinterface:x]: what its methods' names begin with. */
  readonly rpcInterfaces: readonly string[];
  readonly ctl: CtlSpec;
  /** By ascending priority, then name. */
  readonly groups: readonly GroupSpec[];
  readonly jobs: readonly JobSpec[];
  readonly notify: readonly NotifySpec[];
}

/** One thing wrong with a configuration, or worth knowing about it. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly file: string;
  /** 1-based; 0: about the file as a whole. */
  readonly line: number;
  readonly section?: string;
  readonly key?: string;
  /** What is wrong and what would be right. */
  readonly message: string;
}

export type Loaded =
  | { readonly ok: true; readonly config: Config; readonly problems: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** What the compiler may ask about the machine, so that tests can answer for it. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly hostName: string;
  /** The directory relative paths of [supervisord] start at. */
  readonly cwd: string;
  readonly tmpDir: string;
  readonly home: string;
  readText(path: string): string;
  /** Sorted absolute paths. */
  glob(pattern: string, dir: string): readonly string[];
  isDirectory(path: string): boolean;
  exists(path: string): boolean;
  realPath(path: string): string;
  /** Why others than root can change that file; undefined: they can't. Absent where it isn't root who goes by it. */
  writableBy?(path: string): string | undefined;
  userExists(nameOrId: string): boolean;
  groupExists(nameOrId: string): boolean;
}

/** What the command line of supd says over the file, by option name of [supervisord] ("logfile", "nodaemon" …). */
export type Overrides = Readonly<Record<string, string>>;

/** Gives a stop wait for jobs, which have no key for it. */
export const JOB_STOP_WAIT_MS: Millis = 10_000;
