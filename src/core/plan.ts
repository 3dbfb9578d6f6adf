/**
 * A run's plan: the job and, for a sequence, its steps and theirs, as one list in the order of the run.
 * It is made when the run starts and stays as it is, whatever the configuration becomes meanwhile.
 */
import type { JobSpec } from './job.js';

export interface Unit {
  /** The root: the job's name. A step: `backup`, or `outer/inner`; a second use of one job: `backup#2`. */
  readonly name: string;
  readonly spec: JobSpec;
  /** Index of the sequence that this is a step of; -1: the root. */
  readonly parent: number;
  /** Index after the last unit within this one. */
  readonly end: number;
  /** Why this can't be run at all. The configuration check finds it first. */
  readonly broken?: string;
}

/** The units of `job`, root first. `specs` holds every job by name. */
export function planRun(job: JobSpec, specs: ReadonlyMap<string, JobSpec>): readonly Unit[] {
  const units: Unit[] = [];
  add(units, job, job.name, -1, specs, []);
  return units;
}

/** Indices of the steps of the sequence at `index`, in order; none for a command. */
export function stepsOf(units: readonly Unit[], index: number): readonly number[] {
  const found: number[] = [];
  for (let i = index + 1; i < units[index]!.end; i = units[i]!.end) found.push(i);
  return found;
}

/** Is the unit at `index` the one at `outer`, or a step somewhere within it? */
export function isWithin(units: readonly Unit[], index: number, outer: number): boolean {
  return index >= outer && index < units[outer]!.end;
}

/** The unit that `from` names, or undefined: no such step. */
export function findStep(units: readonly Unit[], from: string): number | undefined {
  const index = units.findIndex((unit, i) => unit.name === from && (i > 0 || unit.end === 1));
  return index < 0 ? undefined : index;
}

/** Does the unit come before the step that the run is resumed at (and is not what contains it)? */
export function isBefore(units: readonly Unit[], index: number, from: number): boolean {
  return index < from && !isWithin(units, from, index);
}

/** The steps (indices) that must have succeeded before `index`; a string is a name that no earlier step has. */
export function needsOf(units: readonly Unit[], index: number): readonly (number | string)[] {
  const { parent, spec } = units[index]!;
  if (parent < 0) return [];
  const earlier = stepsOf(units, parent).filter((i) => i < index);
  if (spec.needs === undefined) return earlier.slice(-1);
  return spec.needs.map((name) => earlier.findLast((i) => units[i]!.spec.name === name) ?? name);
}

function add(
  units: Unit[],
  spec: JobSpec,
  name: string,
  parent: number,
  specs: ReadonlyMap<string, JobSpec>,
  outer: readonly string[],
): void {
  const index = units.length;
  const looped = outer.includes(spec.name);
  const found = specs.has(spec.name) || parent < 0;
  const broken = looped
    ? `"${spec.name}" is a step of itself`
    : found
      ? undefined
      : `there is no job "${spec.name}"`;
  units.push({ name, spec, parent, end: index + 1, ...(broken === undefined ? {} : { broken }) });
  if (broken === undefined && spec.action.kind === 'sequence') {
    const used = new Map<string, number>();
    for (const step of spec.action.steps) {
      const count = (used.get(step) ?? 0) + 1;
      used.set(step, count);
      const label = count === 1 ? step : `${step}#${count}`;
      const inner = parent < 0 ? label : `${name}/${label}`;
      // A job that isn't there is still a step, and fails, so that the run says what it missed.
      const missing: JobSpec = { ...spec, name: step, needs: [], onFailure: 'fail' };
      add(units, specs.get(step) ?? missing, inner, index, specs, [...outer, spec.name]);
    }
  }
  units[index] = { ...units[index]!, end: units.length };
}
