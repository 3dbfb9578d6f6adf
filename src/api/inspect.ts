/** What is: the daemon, the processes, their configuration, what happens to them. */
import { signalName } from '../core/signals.js';
import { pidOf, shown } from '../core/transition.js';
import type { Process } from '../core/world.js';
import { readNow } from '../daemon/clock.js';
import type { Daemon } from '../daemon/daemon.js';
import { readStatus } from '../os/proc.js';
import type { Api, ProcessView, Watched } from './api.js';
import { refuseIfClosing } from './closing.js';
import { describeProcess, uptimeOf } from './describe.js';
import { findProcess, findTargets } from './targets.js';

export type Inspect = Pick<Api, 'daemon' | 'processes' | 'process' | 'configurations' | 'events'>;

const STATES = { running: 'RUNNING', restarting: 'RESTARTING', shutdown: 'SHUTDOWN' } as const;

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
      conditions: daemon.conditions(),
      memoryBytes: process.memoryUsage.rss(),
    }),
    processes(targets) {
      const { world } = daemon.engine;
      const live = [...world.processes.values()].flatMap(({ state }) => pidOf(state) || []);
      daemon.usage.watch(live);
      if (targets.length === 0)
        return { processes: sorted(world.processes.values()).map(view(daemon)), unknown: [] };
      const { found, unknown } = findTargets(world, targets);
      return { processes: found.map((target) => view(daemon)(target.process)), unknown };
    },
    process: (name) => view(daemon)(findProcess(daemon.engine.world, name)),
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
          })),
        )
        .sort((a, b) => compare(a.group, b.group) || compare(a.name, b.name));
    },
    events: (token, signal) => watchEvents(daemon, token, signal),
  };
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

function view(daemon: Daemon): (process: Process) => ProcessView {
  const now = readNow();
  return (process) => {
    const { spec, state, exit } = process;
    const pid = pidOf(state);
    const streams = daemon.streamsOf(spec.id);
    const status = pid > 0 ? readStatus(pid) : undefined;
    return {
      name: spec.name,
      group: spec.group,
      state: shown(state),
      description: describeProcess(process, now),
      pid,
      uptimeMs: pid > 0 ? Math.round(uptimeOf(process, now)) : 0,
      restarts: process.restarts,
      ...(exit === undefined || 'unknown' in exit ? {} : { exitStatus: 'code' in exit ? exit.code : -1 }),
      exitSignal: exit && 'signal' in exit ? signalName(exit.signal) : '',
      // Before the first sample: its own memory alone.
      ...(status ? { memoryBytes: status.memoryBytes, uid: status.uid, gid: status.gid } : {}),
      ...daemon.usage.of(pid),
      ready: state.name === 'RUNNING',
      health: '',
      groups: status?.groups ?? [],
      ...(process.started ? { startTime: process.started.wall } : {}),
      ...(process.stopped === undefined ? {} : { stopTime: process.stopped }),
      spawnError: process.spawnError ?? '',
      stdoutLogfile: streams?.path('stdout') ?? '',
      stderrLogfile: streams?.path('stderr') ?? '',
      logFailure: streams?.failure ?? '',
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
