/** A shell for the jobs' core with made-up processes, locks, programs, cron and clocks. Nothing real, no waiting. */
import type { JobSpec, RunRecord, StepRecord } from '../../src/core/job.js';
import type { JobsEffect, JobsEvent, LastDue } from '../../src/core/job-events.js';
import { jobsWake } from '../../src/core/job-questions.js';
import { type Jobs, noJobs, stepJobs } from '../../src/core/jobs.js';
import type { Exit, Millis } from '../../src/core/program.js';
import { restoreJobs } from '../../src/core/restore-jobs.js';
import { changesBetween, replay } from '../../src/core/saved.js';
import { emptyWorld } from '../../src/core/world.js';

/** What one attempt of a step does. */
export interface Behaviour {
  /** Status, or the signal that it dies of. Default: status 0. */
  readonly exit?: Exit;
  /** How long it runs; undefined: for ever. Default: 1000. */
  readonly runs?: Millis | 'for ever';
  readonly output?: string;
  readonly ignoresTerm?: boolean;
  /** How it ends when it is asked to. Default: of the signal. */
  readonly termExit?: Exit;
  readonly leavesBehind?: boolean;
  readonly spawnFails?: string;
}

export type Entry =
  | { readonly at: Millis; readonly effect: JobsEffect }
  | { readonly at: Millis; readonly event: JobsEvent };

interface Live {
  readonly run: string;
  readonly step: string;
  readonly pid: number;
  readonly behaviour: Behaviour;
  endsAt: Millis;
  exit: Exit;
}

/** Monday, 2026-11-23 02:00 UTC. */
export const START = Date.UTC(2026, 10, 23, 2);
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

export class FakeJobShell {
  jobs: Jobs = noJobs;
  mono: Millis = 1_000_000;
  wall: Millis = START;
  /** Per step name, one behaviour for each attempt; the last one stays. */
  behaviours: Record<string, readonly Behaviour[]> = {};
  /** Lock path to its holder. */
  readonly locks = new Map<string, string>();
  /** Programs that run; names are ids here. */
  readonly programs = new Set<string>();
  brokenLock?: string;
  unstoppable?: string;
  unstartable: readonly string[] = [];
  /** Cron. */
  next: (schedule: string, after: Millis, timezone: string | undefined) => Millis = nextFake;
  /** While true, stops and starts of programs are not answered. */
  programsHang = false;
  readonly trace: Entry[] = [];
  /** What is on disk. */
  readonly records = new Map<string, RunRecord>();
  readonly lastDue: Record<string, LastDue> = {};
  readonly live: Live[] = [];
  readonly leftovers = new Map<number, string>();
  /** Called after each event and effect. */
  check: (entry: Entry) => void = () => {};
  private readonly answers: JobsEvent[] = [];
  private pid = 100;

  dispatch(event: JobsEvent): void {
    this.answers.push(event);
    if (this.answers.length > 1) return;
    for (let next = this.answers[0]; next !== undefined; next = this.answers[0]) {
      this.note({ at: this.wall, event: next });
      const { jobs, effects } = stepJobs(this.jobs, next, { mono: this.mono, wall: this.wall });
      this.jobs = jobs;
      for (const effect of effects) {
        this.note({ at: this.wall, effect });
        this.perform(effect);
      }
      this.answers.shift();
    }
  }

  /** Begins where another shell died: with its clocks, its disk, and what still runs. */
  takeOver(dead: FakeJobShell, specs: readonly JobSpec[]): void {
    this.mono = dead.mono;
    this.wall = dead.wall;
    this.pid = dead.pid + 1000;
    this.behaviours = dead.behaviours;
    for (const [path, by] of dead.locks) this.locks.set(path, by);
    for (const [id, record] of dead.records) this.records.set(id, record);
    Object.assign(this.lastDue, dead.lastDue);
    this.live.push(...dead.live);
    const now = { mono: this.mono, wall: this.wall };
    const written = changesBetween(emptyWorld, { ...emptyWorld, jobs: dead.jobs }, now);
    const saved = replay(JSON.parse(JSON.stringify(written)) as typeof written);
    const ended = [...this.records.values()].filter(({ outcome }) => outcome !== 'running');
    const { jobs, effects } = restoreJobs(saved, specs, new Map(ended.map((run) => [run.id, run])), now);
    this.jobs = jobs;
    // All effects of one step are done before the first answer is taken.
    this.answers.push({ type: 'wake' });
    for (const effect of effects) {
      this.note({ at: this.wall, effect });
      this.perform(effect);
    }
    this.answers.shift();
    for (const answer of this.answers.splice(0)) this.dispatch(answer);
    this.dispatch({ type: 'configured', specs, lastDue: { ...this.lastDue } });
  }

  /** Lets time pass, with everything that happens in it. Both clocks go. */
  pass(ms: Millis): void {
    const end = this.mono + ms;
    for (let turns = 0; turns < 100_000; turns++) {
      const wake = jobsWake(this.jobs);
      const times = [
        ...this.live.map((one) => one.endsAt),
        ...(wake.mono === undefined ? [] : [wake.mono]),
        ...(wake.wall === undefined ? [] : [this.mono + wake.wall - this.wall]),
      ];
      const next = Math.max(this.mono, Math.min(...times));
      if (next > end) break;
      this.move(next - this.mono);
      const exits = this.live.filter((one) => one.endsAt <= this.mono);
      for (const one of exits) this.exit(one);
      if (exits.length === 0) this.dispatch({ type: 'wake' });
      if (turns === 99_999) throw new Error('time stands still');
    }
    this.move(end - this.mono);
  }

  /** The latest record of a job's run. */
  record(job: string): RunRecord {
    const found = [...this.records.values()].filter((record) => record.job === job).at(-1);
    if (found === undefined) throw new Error(`no run of ${job}`);
    return found;
  }

  /** `zeopack failed, backup ok` */
  steps(job: string): string {
    return this.record(job)
      .steps.map((step) => `${step.name} ${step.outcome}`)
      .join(', ');
  }

  step(job: string, name: string): StepRecord {
    const found = this.record(job).steps.find((step) => step.name === name);
    if (found === undefined) throw new Error(`no step ${name}`);
    return found;
  }

  effects<T extends JobsEffect['type']>(type: T): readonly Extract<JobsEffect, { type: T }>[] {
    return this.trace.flatMap((entry) =>
      'effect' in entry && entry.effect.type === type
        ? [entry.effect as Extract<JobsEffect, { type: T }>]
        : [],
    );
  }

  told(): readonly string[] {
    return this.effects('tell').map((effect) => `${effect.level} ${effect.text}`);
  }

  private note(entry: Entry): void {
    this.trace.push(entry);
    this.check(entry);
  }

  private move(ms: Millis): void {
    this.mono += ms;
    this.wall += ms;
  }

  private exit(one: Live): void {
    this.live.splice(this.live.indexOf(one), 1);
    const { run, step, exit, behaviour, pid } = one;
    const output = behaviour.output ?? '';
    const leftover = behaviour.leavesBehind === true;
    if (leftover) this.leftovers.set(pid, run);
    this.dispatch({ type: 'stepExited', run, step, exit, output, outputBytes: output.length, leftover });
  }

  private perform(effect: JobsEffect): void {
    switch (effect.type) {
      case 'schedule':
        this.dispatch({
          type: 'scheduled',
          job: effect.job,
          after: effect.after,
          due: this.next(effect.schedule, effect.after, effect.timezone),
        });
        break;
      case 'rememberDue':
        this.lastDue[effect.job] = { due: effect.due, schedule: effect.schedule };
        break;
      case 'remember':
        this.records.delete(effect.record.id);
        this.records.set(effect.record.id, effect.record);
        break;
      case 'takeLock': {
        const { run, step } = effect;
        const by = this.brokenLock ?? this.locks.get(effect.path);
        const broken = this.brokenLock !== undefined;
        if (by === undefined) this.locks.set(effect.path, `${run} ${step}`);
        this.dispatch(
          by === undefined ? { type: 'lockTaken', run, step } : { type: 'lockHeld', run, step, by, broken },
        );
        break;
      }
      case 'releaseLock':
        for (const [path, by] of this.locks)
          if (by === `${effect.run} ${effect.step}`) this.locks.delete(path);
        break;
      case 'stopPrograms': {
        const { run, step } = effect;
        const stopped = effect.names.filter(
          (name) => name !== this.unstoppable && this.programs.delete(name),
        );
        if (this.programsHang) break;
        if (this.unstoppable === undefined) this.dispatch({ type: 'programsStopped', run, step, stopped });
        else
          this.dispatch({
            type: 'programsNotStopped',
            run,
            step,
            stopped,
            why: `${this.unstoppable} goes on`,
          });
        break;
      }
      case 'startPrograms': {
        const { run, step, ids } = effect;
        for (const id of ids) if (!this.unstartable.includes(id)) this.programs.add(id);
        const failed = ids.filter((id) => this.unstartable.includes(id));
        if (!this.programsHang) this.dispatch({ type: 'programsStarted', run, step, failed });
        break;
      }
      case 'spawnStep':
        this.spawn(effect);
        break;
      case 'killStep': {
        const one = this.live.find((live) => live.pid === effect.pid);
        if (one === undefined || (effect.signal === 15 && one.behaviour.ignoresTerm === true)) break;
        one.endsAt = this.mono;
        one.exit = { signal: effect.signal, core: false };
        if (effect.signal === 15) one.exit = one.behaviour.termExit ?? one.exit;
        break;
      }
      case 'retakeLock': {
        const { run, step, path } = effect;
        const by = this.locks.get(path) ?? `${run} ${step}`;
        this.locks.set(path, by);
        if (by !== `${run} ${step}`) this.dispatch({ type: 'lockLost', run, step, by });
        break;
      }
      case 'seekStep': {
        const { run, step } = effect;
        const one = this.live.find((live) => live.run === run && live.step === step);
        if (one) this.dispatch({ type: 'stepSpawned', run, step, pid: one.pid });
        else this.dispatch({ type: 'stepSpawnFailed', run, step, why: 'nobody knows whether it ran' });
        break;
      }
      case 'adoptStep': {
        const { run, step, pid } = effect;
        if (this.live.some((live) => live.pid === pid)) break;
        const exit = { unknown: true } as const;
        this.dispatch({ type: 'stepExited', run, step, exit, output: '', outputBytes: 0, leftover: false });
        break;
      }
      case 'sweepStep':
        if (this.leftovers.delete(effect.pid))
          this.dispatch({ type: 'stepSwept', run: effect.run, step: effect.step });
        break;
      case 'tell':
      case 'runStarted':
      case 'runChanged':
      case 'runEnded':
        break;
      default:
        effect satisfies never;
    }
  }

  private spawn({ run, step, attempt }: Extract<JobsEffect, { type: 'spawnStep' }>): void {
    const list = this.behaviours[step] ?? [];
    const behaviour = list[Math.min(attempt, list.length) - 1] ?? {};
    if (behaviour.spawnFails !== undefined) {
      this.dispatch({ type: 'stepSpawnFailed', run, step, why: behaviour.spawnFails });
      return;
    }
    const { exit = { code: 0 }, runs = 1000 } = behaviour;
    const endsAt = runs === 'for ever' ? Number.POSITIVE_INFINITY : this.mono + runs;
    const pid = this.pid++;
    this.live.push({ run, step, pid, behaviour, endsAt, exit });
    this.dispatch({ type: 'stepSpawned', run, step, pid });
  }
}

/** `daily 3`: at 03:00 UTC; `every 60`: each full minute of the epoch. */
function nextFake(schedule: string, after: Millis): Millis {
  const [word, number] = schedule.split(' ');
  if (word === 'never') return Number.POSITIVE_INFINITY;
  const [period, offset] = word === 'daily' ? [DAY, Number(number) * HOUR] : [Number(number) * 1000, 0];
  return (Math.floor((after - offset) / period) + 1) * period + offset;
}

/** A job that is one command. */
export function command(name: string, patch: Partial<JobSpec> = {}): JobSpec {
  return {
    name,
    action: {
      kind: 'command',
      launch: {
        command: `/bin/${name}`,
        environment: {},
        limits: {},
        capabilities: [],
        noNewPrivileges: false,
      },
    },
    stopWaitMs: 10_000,
    retries: 0,
    retryDelaysMs: [],
    exitCodes: [0],
    warnExitCodes: [],
    failOnOutput: false,
    onFailure: 'fail',
    overlap: 'skip',
    catchupMs: DAY,
    jitterMs: 0,
    history: 100,
    requiresStopped: [],
    holds: [],
    ...patch,
  };
}

/** A job that is other jobs. */
export function sequence(name: string, steps: readonly string[], patch: Partial<JobSpec> = {}): JobSpec {
  return command(name, { action: { kind: 'sequence', steps }, ...patch });
}

/** A shell with these jobs configured; unscheduled ones have nothing to do yet. */
export function shellWith(specs: readonly JobSpec[], lastDue: Record<string, LastDue> = {}): FakeJobShell {
  const shell = new FakeJobShell();
  Object.assign(shell.lastDue, lastDue);
  shell.dispatch({ type: 'configured', specs, lastDue: { ...lastDue } });
  return shell;
}
