/** supd: reads its command line and configuration, then serves until it is told to end. The only place that wires. */
import path from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import type { Api } from './api/api.js';
import type { ReadConfiguration } from './api/groups.js';
import { makeApi } from './api/make.js';
import type { Config, Problem, Surroundings } from './config/config.js';
import { formatProblem, loadConfig } from './config/load.js';
import { defaultPlaces, type Places } from './config/places.js';
import type { Tools } from './core/launch.js';
import { leaveForeground, startInBackground, takeBackgroundMark } from './daemon/background.js';
import { AlreadyRunning, claimPlaces, releasePlaces } from './daemon/claim.js';
import { fail, findFile, forHelp, readCommandLine, refuse, USAGE } from './daemon/command-line.js';
import { Daemon, type DaemonParts } from './daemon/daemon.js';
import { watchEssential } from './daemon/essential.js';
import type { SupdFlags } from './daemon/flags.js';
import { ensureLimits } from './daemon/ownlimits.js';
import { becomeUser } from './daemon/ownuser.js';
import { removePidfile, writePidfile } from './daemon/pidfile.js';
import { listenForSignals } from './daemon/signals.js';
import { StartFault } from './daemon/startfault.js';
import { findTools, machineSurroundings } from './daemon/surroundings.js';
import { serveSockets } from './grpc/sockets.js';
import { type MainLog, openMainLog } from './logs/mainlog.js';
import { closeInherited } from './os/exec.js';
import { Exits } from './os/exits.js';
import { notifyManager } from './os/notify.js';
import { guardedFiles } from './os/rights.js';
import { prepareSpawn } from './os/spawn.js';
import { tellSyslog } from './os/syslog.js';

void main();

async function main(): Promise<void> {
  process.on('SIGUSR1', () => {}); // Never Node's own answer, which is to open its debugger.
  const background = takeBackgroundMark(process.env);
  const surroundings = machineSurroundings(process.env);
  const flags = readCommandLine(surroundings, packageJson.version);
  if (flags) await run(flags, surroundings, background);
}

async function run(flags: SupdFlags, surroundings: Surroundings, background: boolean): Promise<void> {
  const file = findFile(flags, surroundings);
  if (file === undefined) return;
  const readConfig = () => loadConfig(path.resolve(surroundings.cwd, file), surroundings, flags.overrides);
  const loaded = loadConfig(file, surroundings, flags.overrides);
  if (!background) for (const problem of loaded.problems) process.stderr.write(`${show(problem)}\n`);
  if (flags.action === 'check') {
    process.exitCode = loaded.ok ? 0 : USAGE;
    return;
  }
  if (!loaded.ok) return fail(forHelp(), USAGE);
  try {
    const tools = findTools(process.env.PATH ?? '');
    const { user, nodaemon } = loaded.config.daemon;
    const refused = user === undefined ? undefined : becomeUser(user, tools);
    if (refused) return fail(`Error: ${refused}`, USAGE);
    if (!nodaemon && !background) {
      process.exitCode = startInBackground();
      return;
    }
    await serve(loaded.config, tools, background, readConfig, loaded.problems);
  } catch (error) {
    if (error instanceof StartFault) return refuse(error.message);
    fail(`Error: ${describe(error)}`, 1);
  }
}

function show(problem: Problem): string {
  return `${problem.severity === 'warning' ? 'warning: ' : ''}${formatProblem(problem)}`;
}

/** One life after the other, until one ends for good. */
async function serve(
  first: Config,
  tools: Tools,
  background: boolean,
  readConfig: () => ReturnType<typeof loadConfig>,
  problems: readonly Problem[],
): Promise<void> {
  const { daemon } = first;
  const environment = childEnvironment(process.env);
  const notifySocket = takeVariable('NOTIFY_SOCKET');
  closeInherited([]);
  const limits = ensureLimits(daemon.minfds, daemon.minprocs);
  if (!limits.ok) return fail(`Error: ${limits.message}`, USAGE);
  process.umask(daemon.umask);
  if (daemon.directory !== undefined) process.chdir(daemon.directory);
  prepareSpawn();
  const exits = new Exits();
  const parts = { exits, tools, environment, nofile: limits.nofile, version: packageJson.version };
  let config = first;
  let proven: Config | undefined; // the last one that served
  let notices = [...problems.map(formatProblem), ...limits.told];
  let trouble: string | undefined;
  for (;;) {
    try {
      const mode = await serveOnce(config, parts, readConfig, {
        opened: (log) => {
          if (trouble) log.error(trouble);
          for (const notice of notices) log.warn(notice);
        },
        ready: () => {
          notifyManager(notifySocket, 'READY=1', `MAINPID=${process.pid}`);
          if (background && !proven) leaveForeground();
          proven = config;
          trouble = undefined;
        },
        ended: (end) => notifyManager(notifySocket, end === 'shutdown' ? 'STOPPING=1' : 'RELOADING=1'),
      });
      if (mode === 'shutdown') break;
    } catch (error) {
      if (proven === undefined || proven === config) throw error;
      trouble = `could not serve by the new configuration: ${describe(error)}; supd goes on by the one before`;
      config = proven;
      continue;
    }
    const next = readConfig();
    // Checked before everything was stopped; broken since then, it is the old one that goes on.
    if (next.ok) config = next.config;
    notices = next.problems.map(formatProblem);
  }
  exits.close();
}

/** What is to be done at the turns of one life. */
interface Turns {
  readonly opened: (log: MainLog) => void;
  readonly ready: () => void;
  readonly ended: (mode: 'running' | 'restarting' | 'shutdown') => void;
}

/** One life of the daemon. @throws what kept it from serving; nothing was started then */
async function serveOnce(
  config: Config,
  parts: Omit<DaemonParts, 'config' | 'log' | 'rundir' | 'statedir'>,
  readConfig: () => ReturnType<typeof loadConfig>,
  turns: Turns,
): Promise<'restarting' | 'shutdown'> {
  const places = placesOf(config);
  const lock = claim(config, places);
  try {
    const log = openMainLog({
      ...mainLogOptions(config),
      echo: config.daemon.nodaemon && !config.daemon.silent,
    });
    try {
      turns.opened(log);
      const life = new Daemon({ ...parts, config, ...places, log });
      try {
        return await live(life, log, readConfig, turns.ready);
      } finally {
        turns.ended(life.engine.world.mode);
        life.close();
      }
    } finally {
      log.close();
    }
  } finally {
    releasePlaces(lock);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function live(
  life: Daemon,
  log: MainLog,
  readConfig: () => ReturnType<typeof loadConfig>,
  ready: () => void,
): Promise<'restarting' | 'shutdown'> {
  const { config, rundir } = life.parts;
  const api = makeApi(life, readForApi(readConfig));
  const http = await openHttp(api, config, log);
  const sockets = await serveSockets(api, config.grpc, rundir, log).catch(async (error) => {
    await http?.close();
    throw error;
  });
  const offSignals = listenForSignals(life, log, readForApi(readConfig));
  const offEssential = watchEssential(life);
  writePidfile(config.daemon.pidfile, log);
  const name = config.daemon.compat === 'strict' ? 'supervisord' : 'supd';
  log.info(`${name} started with pid ${process.pid}`);
  life.start();
  ready();
  const outcome = await life.ended;
  offSignals();
  offEssential();
  await Promise.all([sockets.close(), http?.close()]);
  if (outcome === 'shutdown') removePidfile(config.daemon.pidfile, log);
  return outcome;
}

/** Loaded when the configuration asks for it: without an HTTP server nothing of that is in memory. */
async function openHttp(api: Api, config: Config, log: MainLog) {
  if (config.http.length === 0) return undefined;
  const { serveHttp } = await import('./xmlrpc/sockets.js');
  return serveHttp(api, config, log);
}

function claim(config: Config, places: Pick<Places, 'rundir' | 'statedir'>): number {
  try {
    return claimPlaces(
      places.rundir,
      places.statedir,
      config.grpc.owner || config.grpc.readonlySocket ? 0o751 : 0o750,
    );
  } catch (error) {
    if (!(error instanceof AlreadyRunning)) throw error;
    throw new Error(
      `supd is running already with ${config.path} (its lock is ${places.rundir}/supd.lock); ` +
        'end that one first, or use another configuration',
    );
  }
}

function placesOf(config: Config): { readonly rundir: string; readonly statedir: string } {
  const { rundir, statedir } = config.daemon;
  const who = {
    uid: process.geteuid?.() ?? 0,
    env: process.env,
    tmpDir: machineSurroundings(process.env).tmpDir,
  };
  const defaults = defaultPlaces(config.path, who);
  return { rundir: rundir ?? defaults.rundir, statedir: statedir ?? defaults.statedir };
}

function mainLogOptions({ daemon }: Config) {
  return {
    path: daemon.logfile,
    ...(daemon.logfile === 'syslog' ? { syslog: toSyslog } : {}),
    maxBytes: daemon.logfileMaxBytes,
    backups: daemon.logfileBackups,
    level: daemon.logLevel,
    format: daemon.logFormat,
    files: guardedFiles,
  };
}

/** Under the name that log filters know. */
function toSyslog(severity: number, message: string): void {
  tellSyslog('supervisord', severity, message);
}

function readForApi(readConfig: () => ReturnType<typeof loadConfig>): ReadConfiguration {
  return () => {
    const loaded = readConfig();
    const of = (severity: Problem['severity']) =>
      loaded.problems.filter((one) => one.severity === severity).map(formatProblem);
    return loaded.ok
      ? { ok: true, config: loaded.config, warnings: of('warning') }
      : { ok: false, errors: of('error') };
  };
}

/** What children inherit: what supd was started with, less what is meant for supd alone. */
function childEnvironment(env: NodeJS.ProcessEnv): Readonly<Record<string, string | undefined>> {
  const { NOTIFY_SOCKET: _, WATCHDOG_PID: __, WATCHDOG_USEC: ___, SUPD_NODE_EXTRA_CA_CERTS, ...rest } = env;
  return SUPD_NODE_EXTRA_CA_CERTS ? { ...rest, NODE_EXTRA_CA_CERTS: SUPD_NODE_EXTRA_CA_CERTS } : rest;
}

function takeVariable(name: string): string | undefined {
  const value = process.env[name];
  delete process.env[name];
  return value;
}
