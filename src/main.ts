/** supd: reads its command line and configuration, then serves until it is told to end. The only place that wires. */
import { closeSync } from 'node:fs';
import path from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import type { Api } from './api/api.js';
import type { ReadConfiguration } from './api/groups.js';
import { makeApi } from './api/make.js';
import type { Config, Problem, Surroundings } from './config/config.js';
import { formatProblem, loadConfig } from './config/load.js';
import type { Tools } from './core/launch.js';
import { leaveForeground, startInBackground, takeBackgroundMark } from './daemon/background.js';
import { claim, instanceOf, placesOf, releasePlaces } from './daemon/claim.js';
import { fail, findFile, forHelp, readCommandLine, refuse, USAGE } from './daemon/command-line.js';
import { Daemon } from './daemon/daemon.js';
import { watchEssential } from './daemon/essential.js';
import type { SupdFlags } from './daemon/flags.js';
import { watchMemory } from './daemon/memory.js';
import { childEnvironment, takeVariable } from './daemon/ownenvironment.js';
import { ensureLimits } from './daemon/ownlimits.js';
import { becomeUser } from './daemon/ownuser.js';
import { type DaemonParts, isBackSoon, type LifeEnd } from './daemon/parts.js';
import { removePidfile, writePidfile } from './daemon/pidfile.js';
import { listenForSignals } from './daemon/signals.js';
import { StartFault } from './daemon/startfault.js';
import { checkState } from './daemon/statefile.js';
import { findTools, machineSurroundings } from './daemon/surroundings.js';
import { type Handover, originOf, takeHandover, tryNewCode } from './daemon/upgrade.js';
import { serveSockets } from './grpc/sockets.js';
import { type MainLog, openMainLog } from './logs/mainlog.js';
import { releaseCode } from './os/code.js';
import type { Note } from './os/door.js';
import { closeInherited } from './os/exec.js';
import { Exits } from './os/exits.js';
import { notifyManager } from './os/notify.js';
import { guardedFiles } from './os/rights.js';
import { prepareSpawn } from './os/spawn.js';
import { tellSyslog } from './os/syslog.js';
import { startThreads } from './os/threads.js';

/** For calls that run when supd is to be back at once. */
const FAREWELL_MS = 200;
/** Until most of what is to be started has been. */
const STARTED_MS = 1500;

void main();

async function main(): Promise<void> {
  process.on('SIGUSR1', () => {}); // Never Node's own answer, which is to open its debugger.
  const background = takeBackgroundMark(process.env);
  const handover = takeHandover(process.env);
  const surroundings = machineSurroundings(process.env);
  const flags = readCommandLine(surroundings, packageJson.version);
  if (flags) await run(flags, surroundings, background, handover);
}

async function run(
  flags: SupdFlags,
  surroundings: Surroundings,
  background: boolean,
  handover: Handover | undefined,
): Promise<void> {
  const file = findFile(flags, surroundings);
  if (file === undefined) return;
  const readConfig = () => loadConfig(path.resolve(surroundings.cwd, file), surroundings, flags.overrides);
  const loaded = loadConfig(file, surroundings, flags.overrides);
  if (!background && !handover)
    for (const problem of loaded.problems) process.stderr.write(`${show(problem)}\n`);
  if (flags.action === 'check') {
    const unreadable = loaded.ok ? checkState(placesOf(loaded.config)) : undefined;
    if (unreadable) process.stderr.write(`${unreadable}\n`);
    process.exitCode = loaded.ok && !unreadable ? 0 : USAGE;
    return;
  }
  if (!loaded.ok) return fail(forHelp(), USAGE);
  try {
    const tools = findTools(process.env.PATH ?? '');
    const { user, nodaemon } = loaded.config.daemon;
    const refused = user === undefined ? undefined : becomeUser(user, tools);
    if (refused) return fail(`Error: ${refused}`, USAGE);
    if (!nodaemon && !background && !handover) {
      process.exitCode = startInBackground();
      return;
    }
    await serve(loaded.config, tools, background, handover, readConfig, loaded.problems);
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
  handover: Handover | undefined,
  readConfig: () => ReturnType<typeof loadConfig>,
  problems: readonly Problem[],
): Promise<void> {
  const { daemon } = first;
  const environment = childEnvironment(process.env);
  const origin = originOf(process.env);
  const notifySocket = takeVariable('NOTIFY_SOCKET');
  closeInherited(handover ? [handover.lock, ...handover.fifos] : []);
  const limits = ensureLimits(daemon.minfds, daemon.minprocs, handover?.nofile);
  if (!limits.ok) return fail(`Error: ${limits.message}`, USAGE);
  process.umask(daemon.umask);
  if (daemon.directory !== undefined) process.chdir(daemon.directory);
  prepareSpawn();
  startThreads();
  const exits = new Exits();
  const { nofile } = limits;
  const upgrades = handover?.upgrades ?? 0;
  const parts = { exits, tools, environment, nofile, version: packageJson.version, origin, upgrades };
  /** Taken from the code before, or kept for the code to come. */
  let lock = handover?.lock;
  let fifos = handover?.fifos ?? [];
  let config = first;
  let proven: Config | undefined; // the last one that served
  let notices = [...problems.map(formatProblem), ...limits.told];
  let trouble: string | undefined;
  for (;;) {
    try {
      const mode = await serveOnce(config, { ...parts, handed: fifos }, readConfig, {
        lock,
        opened: (log) => {
          if (trouble) log.error(trouble);
          for (const notice of notices) log.warn(notice);
        },
        ready: () => {
          notifyManager(notifySocket, 'READY=1', `MAINPID=${process.pid}`);
          if (background && !proven) leaveForeground();
          for (const fd of fifos) closeSync(fd);
          fifos = [];
          proven = config;
          trouble = undefined;
        },
        ended: (end) => notifyManager(notifySocket, isBackSoon(end) ? 'RELOADING=1' : 'STOPPING=1'),
        kept: (fd, pipes) => {
          lock = fd;
          fifos = pipes;
        },
      });
      if (mode === 'upgrading') {
        trouble = tryNewCode(origin, { lock: lock ?? -1, nofile, upgrades: upgrades + 1, fifos });
        continue;
      }
      lock = undefined;
      if (mode !== 'restarting') break;
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
  /** The lock of rundir, when it is held already. */
  readonly lock: number | undefined;
  /** An upgrade is to follow: the lock is not released. */
  readonly kept: (lock: number, fifos: readonly number[]) => void;
  readonly opened: (log: MainLog) => void;
  readonly ready: () => void;
  readonly ended: (how: LifeEnd) => void;
}

/** One life of the daemon. @throws what kept it from serving; nothing was started then */
async function serveOnce(
  config: Config,
  parts: Omit<DaemonParts, 'config' | 'log' | 'rundir' | 'statedir' | 'instance'>,
  readConfig: () => ReturnType<typeof loadConfig>,
  turns: Turns,
): Promise<LifeEnd> {
  const places = placesOf(config);
  const lock = claim(config, places, turns.lock);
  let how: LifeEnd = 'shutdown';
  let fifos: readonly number[] = [];
  try {
    const log = openMainLog({
      ...mainLogOptions(config),
      echo: config.daemon.nodaemon && !config.daemon.silent,
    });
    try {
      turns.opened(log);
      const life = new Daemon({ ...parts, config, ...places, instance: instanceOf(places), log });
      try {
        how = await live(life, log, readConfig, turns.ready);
        if (how === 'upgrading') fifos = life.hold();
        return how;
      } finally {
        turns.ended(how);
        life.close();
      }
    } finally {
      log.close();
    }
  } finally {
    if (how === 'upgrading') turns.kept(lock, fifos);
    else releasePlaces(lock);
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
): Promise<LifeEnd> {
  const { config, rundir } = life.parts;
  const api = makeApi(life, readForApi(readConfig));
  const note = (about: string, failure: string | undefined) => life.conditions.note(about, failure);
  const http = await openHttp(api, config, { ...log, note });
  const sockets = await serveSockets(api, config.grpc, rundir, log, note).catch(async (error) => {
    await http?.close();
    throw error;
  });
  const offSignals = listenForSignals(life, log, readForApi(readConfig));
  const offEssential = watchEssential(life);
  const offMemory = watchMemory(life);
  writePidfile(config.daemon.pidfile, log);
  const name = config.daemon.compat === 'strict' ? 'supervisord' : 'supd';
  log.info(`${name} started with pid ${process.pid}`);
  life.start();
  ready();
  setTimeout(releaseCode, STARTED_MS).unref();
  const outcome = await life.ended;
  offSignals();
  offEssential();
  offMemory();
  const grace = outcome === 'left' || outcome === 'upgrading' ? FAREWELL_MS : undefined;
  await Promise.all([sockets.close(grace), http?.close(grace)]);
  if (!isBackSoon(outcome)) removePidfile(config.daemon.pidfile, log);
  return outcome;
}

/** Loaded when the configuration asks for it, the pages when somebody does: else nothing of that is in memory. */
async function openHttp(api: Api, config: Config, log: MainLog & { readonly note: Note }) {
  if (config.http.length === 0) return undefined;
  const { serveHttp } = await import('./xmlrpc/sockets.js');
  return serveHttp(api, config, log, {}, async () => (await import('./web/pages.js')).makePages(api));
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
