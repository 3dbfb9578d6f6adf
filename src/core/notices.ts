/**
 * Which message is due, and to whom. One message for each cause, where a cause is a section of [notify:x], a job or
 * program, and a word:
 *
 * 1. A section is told what its `on` names: of a job, if the job's `notify` names the section; of any program.
 * 2. Of a cause that it was told of less than `every` ago it is told once the time is over, with how often it happened.
 * 3. It hears that something has recovered only if it was told that there is something to recover from. What was to
 *    be told later is dropped then.
 * 4. That a job is overdue, or that something of supd's does not work, it hears once.
 */
import type { Notice, NoticeWord, NotifySpec } from './notice.js';
import type { Millis } from './program.js';

/** What one section was told of one job or program. */
export interface Told {
  /** What it has not recovered from. */
  readonly active: readonly NoticeWord[];
  /** Wall clock of the last message of each word. */
  readonly at: Readonly<Partial<Record<NoticeWord, Millis>>>;
  readonly held?: Held;
}

/** The newest of those that are too many. */
interface Held {
  readonly notice: Notice;
  readonly count: number;
  readonly due: Millis;
}

/** By `<section> <kind>:<name>`. */
export type NoticeState = Readonly<Record<string, Told>>;

/** One message that is due. */
export interface Message {
  readonly section: string;
  readonly notice: Notice;
  /** How often it happened since the last message of this cause: 1 as a rule. */
  readonly count: number;
}

export interface NoticeStep {
  readonly state: NoticeState;
  readonly messages: readonly Message[];
}

/** Words that name something that lasts until it is well again. */
const LASTING: readonly NoticeWord[] = [
  'failed',
  'degraded',
  'skipped',
  'missed',
  'overdue',
  'fatal',
  'unhealthy',
  'condition',
];
/** What is so until it is over, and no news meanwhile: another supd may find it again. */
const HEARD_ONCE: readonly NoticeWord[] = ['overdue', 'condition'];
const NOTHING: Told = { active: [], at: {} };

/**
 * What a notice makes due.
 * @param to   names of the sections that are told; undefined: all of them
 * @param now  epoch ms
 */
export function raise(
  state: NoticeState,
  notice: Notice,
  to: readonly string[] | undefined,
  specs: readonly NotifySpec[],
  now: Millis,
): NoticeStep {
  const next: Record<string, Told> = { ...state };
  const messages: Message[] = [];
  for (const spec of specs) {
    if (to !== undefined && !to.includes(spec.name)) continue;
    const key = `${spec.name} ${notice.kind}:${notice.name}`;
    const before = state[key] ?? NOTHING;
    const { told, count } = tell(before, notice, spec, now);
    if (count > 0) messages.push({ section: spec.name, notice, count });
    if (told === before) continue;
    next[key] = told;
  }
  return { state: isSame(next, state) ? state : next, messages };
}

/** What was held back and is due now. */
export function wakeNotices(state: NoticeState, specs: readonly NotifySpec[], now: Millis): NoticeStep {
  const next: Record<string, Told> = { ...state };
  const messages: Message[] = [];
  for (const [key, told] of Object.entries(state)) {
    const { held, ...rest } = told;
    if (held === undefined || held.due > now) continue;
    const { notice, count } = held;
    next[key] = { active: grown(rest.active, notice.word), at: { ...rest.at, [notice.word]: now } };
    const section = key.slice(0, key.indexOf(' '));
    if (specs.some(({ name }) => name === section)) messages.push({ section, notice, count });
  }
  return { state: isSame(next, state) ? state : next, messages };
}

/** Names of what, of this kind, one of these sections was told of that has not recovered. */
export function unrecovered(
  state: NoticeState,
  kind: Notice['kind'],
  specs: readonly NotifySpec[],
): readonly string[] {
  const names = Object.entries(state).flatMap(([key, { active }]) => {
    const of = specs.map(({ name }) => `${name} ${kind}:`).find((begin) => key.startsWith(begin));
    return of === undefined || active.length === 0 ? [] : [key.slice(of.length)];
  });
  return [...new Set(names)];
}

/** Names of the sections that were told this of it, or are about to be, and have not heard that it is over. */
export function sectionsTold(
  state: NoticeState,
  { kind, name, word }: Pick<Notice, 'kind' | 'name' | 'word'>,
  specs: readonly NotifySpec[],
): readonly string[] {
  return specs.flatMap((spec) => {
    const { active, held } = state[`${spec.name} ${kind}:${name}`] ?? NOTHING;
    return active.includes(word) || held?.notice.word === word ? [spec.name] : [];
  });
}

/** When wakeNotices is due, or undefined. */
export function noticesDue(state: NoticeState): Millis | undefined {
  const dues = Object.values(state).flatMap(({ held }) => (held === undefined ? [] : [held.due]));
  return dues.length === 0 ? undefined : Math.min(...dues);
}

/** @returns count 0: nothing is due */
function tell(
  before: Told,
  notice: Notice,
  spec: NotifySpec,
  now: Millis,
): { readonly told: Told; readonly count: number } {
  const { word } = notice;
  const wanted = spec.on.includes(word);
  if (word === 'recovered') {
    if (before.active.length === 0 && before.held === undefined) return { told: before, count: 0 };
    const { held: _, ...rest } = before;
    return { told: { ...rest, active: [] }, count: wanted && before.active.length > 0 ? 1 : 0 };
  }
  // Degraded is done, after all: nothing is overdue any more.
  const known = word === 'degraded' ? without(before, 'overdue') : before;
  if (!wanted || (HEARD_ONCE.includes(word) && known.active.includes(word))) return { told: known, count: 0 };
  const last = known.at[word];
  // A clock that was set back holds nothing back.
  if (last !== undefined && now >= last && now - last < spec.everyMs) {
    const count = known.held?.notice.word === word ? known.held.count + 1 : 1;
    return { told: { ...known, held: { notice, count, due: last + spec.everyMs } }, count: 0 };
  }
  const active = grown(known.active, word);
  const { held, ...rest } = known;
  const count = held?.notice.word === word ? held.count + 1 : 1;
  const kept = held === undefined || held.notice.word === word ? {} : { held };
  return { told: { ...rest, ...kept, active, at: { ...known.at, [word]: now } }, count };
}

function grown(active: readonly NoticeWord[], word: NoticeWord): readonly NoticeWord[] {
  return LASTING.includes(word) && !active.includes(word) ? [...active, word] : active;
}

function without(told: Told, word: NoticeWord): Told {
  if (!told.active.includes(word)) return told;
  return { ...told, active: told.active.filter((one) => one !== word) };
}

function isSame(a: NoticeState, b: NoticeState): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
