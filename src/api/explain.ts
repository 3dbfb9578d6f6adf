/** Why a process is as it is, and what happens next, in words. */
import { isTriedForEver } from '../core/backoff.js';
import { type Death, describeDeath } from '../core/death.js';
import { blockersOf, describeBlocker, isStuck } from '../core/dependencies.js';
import { formatDuration } from '../core/durations.js';
import type { Health } from '../core/health.js';
import { holdsOn, stopsOn } from '../core/holds.js';
import { describeProbe } from '../core/probe.js';
import type { Exit, Now, ProcessSpec, ProcessState } from '../core/program.js';
import { type Readiness, whyNotReady } from '../core/readiness.js';
import { reasonOf, recycleObstacle } from '../core/recycle.js';
import { isReturning } from '../core/returns.js';
import type { Arrival } from '../core/traffic.js';
import { describeExit, isExpected } from '../core/transition.js';
import type { Process } from '../core/world.js';
import { readNow } from '../daemon/clock.js';
import type { Daemon } from '../daemon/daemon.js';
import { resolveIdentity } from '../daemon/identity.js';
import { readVerdict } from '../daemon/verifier.js';
import type { Explained } from './api.js';
import { deathView } from './deaths.js';
import { historyOf } from './history.js';
import { describeHold, describeStop } from './holds.js';

/** All but the process itself. */
export function explain(daemon: Daemon, process: Process): Omit<Explained, 'process'> {
  const { since, asked } = historyOf(daemon);
  const { id } = process.spec;
  const begun = since.get(id);
  const lastAsked = asked.get(id);
  const deaths = daemon.watch.deaths.of(id);
  return {
    ...(begun === undefined ? {} : { since: begun }),
    cause: [causeOf(process, deaths[0]), recycledWhy(process, readNow(), lastAsked?.time)]
      .filter((text) => text !== '')
      .join('; '),
    ...(lastAsked ? { lastAsked } : {}),
    next: nextOf(daemon, process, readNow().mono),
    deaths: deaths.map(deathView),
  };
}

/** When supd restarted it by itself for not being well, and why; '' once somebody asked for something since. */
function recycledWhy({ recycled }: Process, { mono }: Now, asked = 0): string {
  if (recycled === undefined || recycled.at.wall < asked) return '';
  return `supd restarted it ${formatDuration(mono - recycled.at.mono)} ago, since it was ${recycled.why}`;
}

/** @param death  the last, whose exit is that of the process's present state, if that has one */
function causeOf({ spec, state, exit, spawnError }: Process, death: Death | undefined): string {
  const told = (one: Exit) => (death ? describeDeath(death) : describeExit(one));
  switch (state.name) {
    case 'EXITED':
      return `${told(state.exit)}, which was ${isExpected(state.exit, spec) ? 'expected' : 'not expected'}`;
    case 'BACKOFF':
    case 'FATAL': {
      const ended = exit && spawnError?.startsWith('Exited too quickly') ? ` (${told(exit)})` : '';
      return `${state.why}${ended}`;
    }
    case 'UNKNOWN':
      return state.why;
    case 'STOPPING':
      return state.refused ?? state.failed?.why ?? '';
    case 'SWEEPING':
      return `${describeExit(state.exit)}; something that it started is still alive`;
    case 'RUNNING':
      return [arrivalOf(state.arrival), sicknessOf(state.health), amissIn(spec, state.pid)]
        .filter(Boolean)
        .join('; ');
    case 'STOPPED':
      return exit ? told(exit) : '';
    case 'STARTING':
      if (
        state.readiness === undefined ||
        state.readiness.probe.name === 'met' ||
        state.warming !== undefined
      )
        return '';
      return `it is not ready yet${after(whyNotReady(state.readiness, spec, readNow().mono))}`;
    case 'WAITING':
    case 'SPAWNING':
      return '';
    default:
      return state satisfies never;
  }
}

function after(why: string | undefined): string {
  return why === undefined ? '' : `: ${why}`;
}

function arrivalOf(arrival: Arrival | undefined): string {
  if (arrival === undefined) return '';
  if (arrival.name === 'asked') {
    const back = 'its visitors are on their way back';
    return arrival.kept === undefined
      ? back
      : `its rolling restart ended before its stop, and ${back}: ${arrival.kept}`;
  }
  return `its rolling restart failed, and no visitors are sent to it until it is restarted: ${arrival.why}`;
}

function sicknessOf(health: Health | undefined): string {
  if (health?.why === undefined) return '';
  const { status, why, busy, failures } = health;
  if (status === 'busy' && busy)
    return `it is busy for ${formatDuration(readNow().mono - busy.since)}: ${why}`;
  if (status === 'unhealthy') return `it is unhealthy: ${why}`;
  return `its last check failed (${failures} in a row): ${why}`;
}

/** What supd was not there to see, or wasn't worth ending it. */
function amissIn(spec: ProcessSpec, pid: number): string {
  const identity = resolveIdentity(spec);
  const verdict = identity.ok ? readVerdict(pid, { launch: spec, runAs: identity.runAs }) : undefined;
  const what = [verdict?.wrong, verdict?.missing].filter(Boolean).join(', ');
  return what && `it runs otherwise than was asked: ${what}`;
}

function nextOf(daemon: Daemon, process: Process, mono: number): string {
  const { spec, state } = process;
  const left =
    state.name !== 'RUNNING' && 'deadline' in state ? formatDuration(Math.max(0, state.deadline - mono)) : '';
  switch (state.name) {
    case 'SPAWNING':
      return 'it is started in a moment';
    case 'WAITING':
      return `it is started when it need not wait any more for ${waitsOf(daemon, spec).join(', ')}${
        isStuck(spec.id, daemon.engine.world.processes) ? '; that does not come by itself' : ''
      }`;
    case 'STARTING':
      if (state.warming !== undefined)
        return `it counts as RUNNING when its warmup has answered, in ${left} at the latest`;
      if (state.readiness) return whenItIsReady(spec, state.readiness, mono);
      return `in ${left} it counts as RUNNING (startsecs); ending before, it is tried again`;
    case 'RUNNING':
      return (
        whatOfHealth(daemon, process) ??
        whatOfMemory(daemon, spec) ??
        `${whenItEnds(spec)}${whatHoldsIt(daemon, spec)}`
      );
    case 'BACKOFF':
      return `try ${state.attempt + 1}${isTriedForEver(spec) ? '' : ` of ${spec.startRetries + 1}`} in ${left}`;
    case 'STOPPING':
      if (state.leaving !== undefined)
        return `its visitors leave; in ${left} at the latest it is asked to end`;
      return `SIGKILL in ${left} if it has not ended by then${isReturning(daemon.engine.world, spec.id) ? ', then it is started again' : afterwards(state)}`;
    case 'SWEEPING':
      return `what is left is killed in ${left}${state.next.to === 'start' ? ', then it is started again' : ''}`;
    case 'EXITED':
    case 'STOPPED':
    case 'FATAL':
    case 'UNKNOWN':
      if (isReturning(daemon.engine.world, spec.id))
        return 'it is started again as soon as all that are restarted with it are down';
      return whoStopsIt(daemon, spec) ?? 'nothing until somebody starts it';
    default:
      return state satisfies never;
  }
}

/** What a program that is not started yet waits for: "zeoserver to be ready (STARTING)". */
export function waitsOf(daemon: Daemon, spec: ProcessSpec): readonly string[] {
  return blockersOf(spec, daemon.engine.world.processes).map(describeBlocker);
}

function whenItIsReady({ ready }: ProcessSpec, { until, up, probe }: Readiness, mono: number): string {
  const late =
    until === undefined
      ? 'it may take as long as it wants (ready_timeout=0)'
      : `if it is not in ${formatDuration(Math.max(0, until - mono))}, this start has failed (ready_timeout)`;
  if (probe.name === 'met')
    return `it is ready, and in ${formatDuration(Math.max(0, up - mono))} it counts as RUNNING`;
  return `it counts as RUNNING when ${ready ? describeProbe(ready.probe) : 'it'} says that it is ready; ${late}`;
}

/** Of a program that is not well. */
function whatOfHealth(daemon: Daemon, process: Process): string | undefined {
  const { state } = process;
  if (state.name !== 'RUNNING' || state.health?.status !== 'unhealthy') return undefined;
  if (reasonOf(process) === undefined) return 'nothing: it is unhealthy, but autorestart is false';
  const obstacle = recycleObstacle(daemon.engine.world, process, readNow());
  return `it is restarted for being unhealthy${obstacle === undefined ? '' : ` as soon as may be: ${obstacle}`}`;
}

function whatOfMemory({ watch }: Daemon, { id }: ProcessSpec): string | undefined {
  const obstacle = watch.memoryWaits.get(id);
  return obstacle && `it is restarted for its memory as soon as may be: ${obstacle}`;
}

function whoStopsIt({ engine }: Daemon, { id }: ProcessSpec): string | undefined {
  const [stop] = stopsOn(engine.world, [id]);
  return stop && `it is ${describeStop(stop)}`;
}

function whatHoldsIt({ engine }: Daemon, { id }: ProcessSpec): string {
  const [hold] = holdsOn(engine.world, [id]);
  return hold ? `; it is ${describeHold(hold)}, and a stop or restart waits for the end of that` : '';
}

function whenItEnds({ autorestart, exitCodes }: ProcessSpec): string {
  switch (autorestart) {
    case 'always':
      return 'when it ends it is started again (autorestart=true)';
    case 'never':
      return 'when it ends it stays down (autorestart=false)';
    case 'unexpected':
      return `when it ends it is started again, unless with status ${exitCodes.join(' or ')} (exitcodes)`;
    default:
      return autorestart satisfies never;
  }
}

function afterwards(state: Extract<ProcessState, { name: 'STOPPING' }>): string {
  if (state.next === 'start' || state.failed) return ', then it is started again';
  return state.refused === undefined ? '' : ', then it is FATAL';
}
