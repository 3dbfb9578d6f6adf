/** What a rule about departures from supervisord is, and what it may look at. */
import { kindOf } from '../compile/check-keys.js';
import type { Entry } from '../parse.js';
import { openProblemLog, type Place } from '../problems.js';
import { placeOf } from '../reader.js';
import type { Section, Sections } from '../sections.js';

export interface Survey {
  /** Of the main file and its includes. */
  readonly sections: Sections;
  /** The main file, as it is shown. */
  readonly file: string;
  /** What merging the sections has told of: keys and sections given twice. */
  readonly repeated: readonly Place[];
}

/** One thing in which supd differs, and where a configuration meets it. */
export interface Rule {
  /** In lower case, words joined by a dash. */
  readonly name: string;
  /** What supd does, and what supervisord does. */
  readonly different: string;
  /** What to do about it, or why nothing. */
  readonly advice: string;
  /** compat=strict makes supd do as supervisord; a text: in this case only. */
  readonly strict: boolean | string;
  readonly find: (survey: Survey) => readonly Place[];
}

/** Sections of these kinds, by their first names. */
export function ofKinds(
  { sections }: Pick<Survey, 'sections'>,
  ...kinds: readonly string[]
): readonly Section[] {
  return sections.all.filter((section) => kinds.includes(kindOf(section)?.kind ?? ''));
}

/** Sections that are started and stopped. */
export function programsOf(survey: Pick<Survey, 'sections'>): readonly Section[] {
  return ofKinds(survey, 'program', 'fcgi-program', 'eventlistener');
}

/** Where these keys are given and say something that `differs`. */
export function given(
  sections: readonly Section[],
  keys: readonly string[],
  differs: (value: string, entry: Entry) => boolean = () => true,
): readonly Place[] {
  return sections.flatMap((section) =>
    keys.flatMap((key) => {
      const entry = section.entries.get(key);
      return entry && differs(entry.strictValue, entry) ? [placeOf(section, key)] : [];
    }),
  );
}

export function isTrue(value: string | undefined): boolean {
  return /^(yes|true|on|1)$/i.test(value?.trim() ?? '');
}

/** A whole number, or `otherwise`. */
export function numberOf(value: string | undefined, otherwise: number): number {
  const number = Number(value ?? otherwise);
  return Number.isInteger(number) ? number : otherwise;
}

export function wordsOf(value: string | undefined): readonly string[] {
  return (value ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** What a check tells of, as places. */
export function placesTold(check: (problems: ReturnType<typeof openProblemLog>) => void): readonly Place[] {
  const problems = openProblemLog();
  check(problems);
  return problems.sorted([]);
}
