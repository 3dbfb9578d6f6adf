/** What must hold between jobs, and between jobs and programs. */
import type { JobSpec } from '../../core/job.js';
import { resolveTargets } from '../../core/names.js';
import type { GroupSpec } from '../../core/program.js';
import { didYouMean } from '../nearest.js';
import { quote } from '../problems.js';
import { placeOf, type Reading } from '../reader.js';
import type { Section } from '../sections.js';

export interface PlacedJob {
  readonly job: JobSpec;
  readonly section: Section;
}

export function checkJobs(
  reading: Reading,
  jobs: readonly PlacedJob[],
  groups: readonly GroupSpec[],
  notifyNames: readonly string[],
): void {
  const byName = new Map(jobs.map((one) => [one.job.name, one]));
  for (const one of jobs) {
    checkSteps(reading, one, byName);
    checkNeeds(reading, one, jobs, byName);
    checkPrograms(reading, one, 'requires_stopped', one.job.requiresStopped, groups);
    checkPrograms(reading, one, 'holds', one.job.holds, groups);
    for (const name of one.job.notify ?? []) {
      if (notifyNames.includes(name)) continue;
      const message = `there is no section [notify:${name}]${didYouMean(name, notifyNames)}`;
      reading.problems.error(placeOf(one.section, 'notify'), message);
    }
  }
  checkCycles(reading, jobs, byName);
}

function stepsOf(job: JobSpec): readonly string[] {
  return job.action.kind === 'sequence' ? job.action.steps : [];
}

function checkSteps(
  { problems }: Reading,
  { job, section }: PlacedJob,
  byName: ReadonlyMap<string, PlacedJob>,
): void {
  const place = placeOf(section, 'steps');
  const seen = new Set<string>();
  for (const step of stepsOf(job)) {
    if (!byName.has(step)) {
      problems.error(place, `there is no job ${quote(step)}${didYouMean(step, byName.keys())}`);
    } else if (seen.has(step)) {
      problems.error(
        place,
        `names ${quote(step)} twice; a step is known by its name, so give the second one its own job`,
      );
    }
    seen.add(step);
  }
}

function checkNeeds(
  { problems }: Reading,
  { job, section }: PlacedJob,
  jobs: readonly PlacedJob[],
  byName: ReadonlyMap<string, PlacedJob>,
): void {
  if (job.needs === undefined) return;
  const place = placeOf(section, 'needs');
  const sequences = jobs.filter((other) => stepsOf(other.job).includes(job.name));
  if (sequences.length === 0) problems.warning(place, 'has no effect: this job is no step of another');
  for (const need of job.needs) {
    if (!byName.has(need)) {
      problems.error(place, `there is no job ${quote(need)}${didYouMean(need, byName.keys())}`);
      continue;
    }
    for (const { job: sequence } of sequences) {
      const steps = stepsOf(sequence);
      if (steps.slice(0, steps.indexOf(job.name)).includes(need)) continue;
      problems.error(place, `${quote(need)} is no step before this one in [job:${sequence.name}]`);
    }
  }
}

function checkPrograms(
  { problems }: Reading,
  { section }: PlacedJob,
  key: string,
  targets: readonly string[],
  groups: readonly GroupSpec[],
): void {
  const processes = groups.flatMap((group) => group.processes);
  const names = new Set(groups.map((group) => group.name));
  for (const target of targets) {
    if (names.has(target) || resolveTargets([target], processes, names).unknown.length === 0) continue;
    const member = processes.find((process) => process.name === target || process.program === target);
    const hint = member === undefined ? didYouMean(target, names) : `; did you mean ${member.id}?`;
    problems.error(placeOf(section, key), `there is no program or group ${quote(target)}${hint}`);
  }
}

/** Each cycle is told once, at the first of its jobs. Depth first, without recursion: the depth is the input's. */
function checkCycles(
  { problems }: Reading,
  jobs: readonly PlacedJob[],
  byName: ReadonlyMap<string, PlacedJob>,
): void {
  const done = new Set<string>();
  for (const { job } of jobs) {
    if (done.has(job.name)) continue;
    const path: { name: string; rest: string[] }[] = [{ name: job.name, rest: [...stepsOf(job)] }];
    const onPath = new Set([job.name]);
    while (path.length > 0) {
      const last = path.at(-1)!;
      const step = last.rest.shift();
      if (step === undefined) {
        path.pop();
        onPath.delete(last.name);
        done.add(last.name);
      } else if (onPath.has(step)) {
        const names = path.map((one) => one.name);
        const cycle = [...names.slice(names.indexOf(step)), step].join(' -> ');
        problems.error(placeOf(byName.get(step)!.section, 'steps'), `goes round in a circle: ${cycle}`);
      } else if (!done.has(step) && byName.has(step)) {
        onPath.add(step);
        path.push({ name: step, rest: [...stepsOf(byName.get(step)!.job)] });
      }
    }
  }
}
