/** What of a configuration is not a process: its jobs, who is told, and supd itself. */
import { formatDuration } from '../durations.js';
import type { JobSpec } from '../job.js';
import type { NotifySpec } from '../notice.js';
import { isSame, type OptionChange } from './options.js';

export interface SectionPlan {
  /** As it is written between brackets: "job:backup". */
  readonly section: string;
  /** `live`: with the update, without a restart; `reload`: not before `reload`, or a restart of supd. */
  readonly action: 'added' | 'removed' | 'live' | 'reload';
  readonly changes: readonly OptionChange[];
}

/** An option's name, or null for a value that is never told, with its name. */
export type Names<T> = { readonly [K in keyof T]-?: string | readonly [secret: string] };

const JOB: Names<Omit<JobSpec, 'name' | 'action'>> = {
  schedule: 'schedule',
  timezone: 'timezone',
  timeoutMs: 'timeout',
  stopWaitMs: 'stop wait',
  retries: 'retries',
  retryDelaysMs: 'retry_delay',
  retryExitCodes: 'retry_exitcodes',
  exitCodes: 'exitcodes',
  warnExitCodes: 'warn_exitcodes',
  failOnOutput: 'fail_on_output',
  needs: 'needs',
  onFailure: 'on_failure',
  lock: 'lock',
  overlap: 'overlap',
  catchupMs: 'catchup',
  jitterMs: 'jitter',
  history: 'history',
  maxAgeMs: 'max_age',
  requiresStopped: 'requires_stopped',
  holds: 'holds',
  notify: 'notify',
};

const NOTIFY: Names<Omit<NotifySpec, 'name'>> = {
  on: 'on',
  everyMs: 'every',
  mail: ['mail'],
  webhook: ['webhook'],
  command: 'command',
};

/** In the order of `after`, then what is gone. */
export function compareJobs(before: readonly JobSpec[], after: readonly JobSpec[]): readonly SectionPlan[] {
  return compareNamed('job', before, after, (one, other) => [
    ...compareActions(one, other),
    ...compareSection(one, other, JOB, true),
  ]);
}

export function compareNotify(
  before: readonly NotifySpec[],
  after: readonly NotifySpec[],
): readonly SectionPlan[] {
  return compareNamed('notify', before, after, (one, other) => compareSection(one, other, NOTIFY, true));
}

/** A section that there is always once; nothing when it is the same. */
export function compareAlways<T>(
  section: string,
  before: T,
  after: T,
  names: Names<T>,
): readonly SectionPlan[] {
  const changes = compareSection(before, after, names, false);
  return changes.length === 0 ? [] : [{ section, action: 'reload', changes }];
}

function compareNamed<T extends { readonly name: string }>(
  kind: string,
  before: readonly T[],
  after: readonly T[],
  compare: (before: T, after: T) => readonly OptionChange[],
): readonly SectionPlan[] {
  const old = new Map(before.map((one) => [one.name, one]));
  const names = new Set(after.map(({ name }) => name));
  const there = after.flatMap((one): readonly SectionPlan[] => {
    const section = `${kind}:${one.name}`;
    const was = old.get(one.name);
    if (!was) return [{ section, action: 'added', changes: [] }];
    const changes = compare(was, one);
    return changes.length === 0 ? [] : [{ section, action: 'live', changes }];
  });
  const gone = before.filter(({ name }) => !names.has(name));
  return [
    ...there,
    ...gone.map(({ name }): SectionPlan => ({ section: `${kind}:${name}`, action: 'removed', changes: [] })),
  ];
}

function compareActions({ action: before }: JobSpec, { action: after }: JobSpec): readonly OptionChange[] {
  const words = (action: JobSpec['action']) =>
    action.kind === 'command' ? action.launch.command : action.steps.join(',');
  const change = (option: string, from: string, to: string) => ({ option, from, to, live: true });
  if (before.kind !== after.kind)
    return [change(after.kind === 'command' ? 'command' : 'steps', words(before), words(after))];
  if (before.kind === 'sequence' || after.kind === 'sequence')
    return isSame(before, after) ? [] : [change('steps', words(before), words(after))];
  const { environment: old, ...rest } = before.launch;
  const { environment, ...others } = after.launch;
  return [...compareSection({ ...rest, env: old }, { ...others, env: environment }, LAUNCH, true)];
}

const LAUNCH = {
  command: 'command',
  user: 'user',
  supplementaryGroups: 'supplementary_groups',
  directory: 'directory',
  umask: 'umask',
  env: ['environment'],
  limits: 'limits',
  nice: 'nice',
  capabilities: 'capabilities',
  noNewPrivileges: 'no_new_privileges',
} as const;

function compareSection<T>(before: T, after: T, names: Names<T>, live: boolean): readonly OptionChange[] {
  return (Object.keys(names) as (keyof T & string)[]).flatMap((key) => {
    if (isSame(before[key], after[key])) return [];
    const name: string | readonly [string] = names[key];
    const shown = (value: unknown) => (typeof name === 'string' ? tell(key, value) : hide(value));
    const option = typeof name === 'string' ? name : name[0];
    return [{ option, from: shown(before[key]), to: shown(after[key]), live }];
  });
}

function hide(value: unknown): string {
  return value === undefined ? '' : '(hidden)';
}

function tell(key: string, value: unknown): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map((one) => tell(key, one)).join(',');
  if (typeof value === 'number' && key.endsWith('Ms')) return formatDuration(value);
  if (typeof value === 'number' && /umask|mode|chmod/i.test(key)) return value.toString(8).padStart(3, '0');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
