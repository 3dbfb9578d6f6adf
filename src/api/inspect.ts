/** What is: the daemon, the processes, their configuration, what happens to them. */
import { healthOf } from '../core/health.js';
import type { ProcessSpec } from '../core/program.js';
import { roleOf } from '../core/rolling-words.js';
import { signalName } from '../core/signals.js';
import { pidOf, shown } from '../core/transition.js';
import type { Process } from '../core/world.js';
import { readNow } from '../daemon/clock.js';
import type { Daemon } from '../daemon/daemon.js';
import { findAccount } from '../os/accounts.js';
import { readIdentity } from '../os/identity.js';
import { readStatus } from '../os/proc.js';
import type { Api, Detail, GroupView, ProcessView, Watched } from './api.js';
import { refuseIfClosing } from './closing.js';
import { describeProcess, uptimeOf } from './describe.js';
import { explain, waitsOf } from './explain.js';
import { findProcess, findTargets } from './targets.js';
import { tellAsked } from './told.js';

export type Inspect = Pick<
  Api,
  | 'daemon'
  | 'mode'
  | 'groups'
  | 'processes'
  | 'process'
  | 'explain'
  | 'configurations'
  | 'events'
  | 'tellRemote'
>;

const STATES = { running: 'RUNNING', restarting: 'RESTARTING', shutdown: 'SHUTDOWN' } as const;

/** What does not work just now, in sentences. */
function conditions(daemon: Daemon): readonly string[] {
  return [...daemon.failing().map(({ what }) => what), ...daemon.watch.conditions()];
}

export function makeInspect(daemon: Daemon): Inspect {
  return {
    daemon: () => ({
      version: daemon.parts.version,
      identifier: daemon.config.daemon.identifier,
      pid: process.pid,
      state: STATES[daemon.engine.world.mode],
      startTime: daemon.startTime,
      configuration: daemon.config.path,
      logfile: daemon.parts.log.file?.path ?? '',
      conditions: conditions(daemon),
      memoryBytes: process.memoryUsage.rss(),
      upgrades: daemon.parts.upgrades,
    }),
    mode: () => STATES[daemon.engine.world.mode],
    groups: () => groups(daemon),
    processes(targets, detail = 'usual') {
      const { world } = daemon.engine;
      const live = [...world.processes.values()].flatMap(({ state }) => pidOf(state) || []);
      if (detail !== 'brief') daemon.usage.watch(live);
      if (targets.length === 0)
        return {
          processes: sorted(world.processes.values()).map(view(daemon, detail)),
          unknown: [],
          conditions: conditions(daemon),
        };
      const { found, unknown } = findTargets(world, targets);
      return { processes: found.map((target) => view(daemon, detail)(target.process)), unknown };
    },
    process: (name) => view(daemon, 'identity')(findProcess(daemon.engine.world, name)),
    explain: (name) => {
      const process = findProcess(daemon.engine.world, name);
      return { process: view(daemon, 'identity')(process), ...explain(daemon, process) };
    },
    configurations: () => {
      refuseIfClosing(daemon);
      return daemon.config.groups
        .flatMap((group) =>
          group.processes.map((spec) => ({
            name: spec.name,
            group: group.name,
            inUse: daemon.engine.world.groups.has(group.name),
            autostart: spec.autostart,
            groupPriority: group.priority,
            processPriority: spec.priority,
            command: spec.command,
            spec,
            ...accountOf(spec),
            ...autoLogs(daemon, spec),
          })),
        )
        .sort((a, b) => compare(a.name, b.name));
    },
    events: (token, signal) => watchEvents(daemon, token, signal),
    tellRemote(type, text, asked) {
      tellAsked(daemon, 'remote event', [type], asked);
      daemon.tellRemote(type, text);
    },
  };
}

/** Groups, and members of a group, by priority; equals stay in the order in which they came. */
function groups(daemon: Daemon): readonly GroupView[] {
  const { world } = daemon.engine;
  return [...world.groups.values()]
    .sort((a, b) => a.priority - b.priority)
    .map(({ name, priority, processes }) => ({
      name,
      priority,
      members: [...processes]
        .sort((a, b) => a.priority - b.priority)
        .flatMap(({ id }) => {
          const process = world.processes.get(id);
          if (!process) return [];
          const { spec, state } = process;
          return [
            { id, name: spec.name, group: name, state: shown(state), startsAtOnce: startsAtOnce(spec) },
          ];
        }),
    }));
}

function startsAtOnce({ startMs, ready, dependsOn }: ProcessSpec): boolean {
  return startMs === 0 && ready === undefined && dependsOn === undefined;
}

function accountOf({ user }: ProcessSpec): { readonly uid?: number } {
  const account = user === undefined ? undefined : findAccount(user);
  return account ? { uid: account.uid } : {};
}

/** Of a group that was added as it is configured now; what was read anew has no names until it is added. */
function autoLogs(daemon: Daemon, spec: ProcessSpec): { stdoutAuto?: string; stderrAuto?: string } {
  const isActive = daemon.engine.world.processes.get(spec.id)?.spec === spec;
  const streams = isActive ? daemon.streamsOf(spec.id) : undefined;
  const stdoutAuto = spec.stdout.file.kind === 'auto' ? streams?.path('stdout') : undefined;
  const stderrAuto = spec.stderr.file.kind === 'auto' ? streams?.path('stderr') : undefined;
  return { ...(stdoutAuto ? { stdoutAuto } : {}), ...(stderrAuto ? { stderrAuto } : {}) };
}

function sorted(processes: Iterable<Process>): readonly Process[] {
  return [...processes].sort(
    (a, b) => compare(a.spec.group, b.spec.group) || compare(a.spec.name, b.spec.name),
  );
}

/** By code units, as supervisord sorts, whatever the locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function view(daemon: Daemon, detail: Detail): (process: Process) => ProcessView {
  const now = readNow();
  return (process) => {
    const { spec, state, exit } = process;
    const pid = pidOf(state);
    const waitingFor = state.name === 'WAITING' ? waitsOf(daemon, spec) : [];
    const streams = daemon.streamsOf(spec.id);
    const status = detail !== 'brief' && pid > 0 ? readStatus(pid) : undefined;
    const identity = detail === 'identity' && pid > 0 ? readIdentity(pid) : undefined;
    return {
      name: spec.name,
      group: spec.group,
      state: shown(state),
      description: describeProcess(process, now, waitingFor),
      waitingFor,
      rolling: roleOf(daemon.engine.world, spec.id),
      pid,
      uptimeMs: pid > 0 ? Math.round(uptimeOf(process, now)) : 0,
      restarts: process.restarts,
      ...(exit === undefined || 'unknown' in exit ? {} : { exitStatus: 'code' in exit ? exit.code : -1 }),
      exitSignal: exit && 'signal' in exit ? signalName(exit.signal) : '',
      // Before the first sample: its own memory alone.
      ...(status ? { memoryBytes: status.memoryBytes, uid: status.uid, gid: status.gid } : {}),
      ...(detail === 'brief' ? {} : daemon.usage.of(pid)),
      ready: state.name === 'RUNNING',
      health: healthOf(state, spec),
      groups: status?.groups ?? [],
      ...(process.started ? { startTime: process.started.wall } : {}),
      ...(process.stopped === undefined ? {} : { stopTime: process.stopped }),
      spawnError: process.spawnError ?? '',
      stdoutLogfile: streams?.path('stdout') ?? '',
      stderrLogfile: streams?.path('stderr') ?? '',
      logFailure: streams?.failure ?? '',
      ...(identity ? { identity } : {}),
    };
  };
}

async function* watchEvents(
  daemon: Daemon,
  token: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<Watched> {
  for await (const one of daemon.events.watch(token, signal)) {
    if (one.kind === 'gap') yield one;
    else yield { kind: 'event', event: { ...one.event, resumeToken: daemon.events.tokenOf(one.event) } };
  }
}
