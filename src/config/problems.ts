import type { Problem } from './config.js';

/** Where a problem is. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly section?: string;
  readonly key?: string;
}

/** Collects what is wrong, once each: a fault of a program with many copies is one fault. */
export interface ProblemLog {
  error(place: Place, message: string): void;
  warning(place: Place, message: string): void;
  hasErrors(): boolean;
  /** By file in reading order, then by line; what concerns a file as a whole comes first. */
  sorted(files: readonly string[]): readonly Problem[];
}

export function openProblemLog(): ProblemLog {
  const found = new Map<string, Problem>();
  const report = (severity: Problem['severity'], place: Place, message: string): void => {
    const { file, line, section, key } = place;
    const identity = JSON.stringify([severity, file, line, section, key, message]);
    if (found.has(identity)) return;
    found.set(identity, {
      severity,
      file,
      line,
      ...(section === undefined ? {} : { section }),
      ...(key === undefined ? {} : { key }),
      message,
    });
  };
  return {
    error: (place, message) => report('error', place, message),
    warning: (place, message) => report('warning', place, message),
    hasErrors: () => [...found.values()].some((problem) => problem.severity === 'error'),
    sorted: (files) => {
      const rank = new Map(files.map((file, index) => [file, index]));
      const rankOf = (problem: Problem) => rank.get(problem.file) ?? -1;
      return [...found.values()].sort((a, b) => rankOf(a) - rankOf(b) || a.line - b.line);
    },
  };
}

/** `supd.conf:41: [program:x] stopsignal: "SIGTREM" is not a signal; did you mean SIGTERM?` */
export function formatProblem(problem: Problem): string {
  const place = formatPlace(problem);
  const colon = problem.key === undefined && problem.section !== undefined ? '' : ':';
  return onOneLine(`${place}${colon} ${problem.message}`);
}

/** `supd.conf:41: [program:x] stopsignal` */
export function formatPlace({ file, line, section, key }: Place): string {
  const place = line > 0 ? `${file}:${line}` : file;
  if (section === undefined) return place;
  return `${place}: [${section}]${key === undefined ? '' : ` ${key}`}`;
}

/** What is no character to show, as JSON writes it: a file's text must not act on a terminal or make up lines. */
function onOneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, (char) => {
    const short = JSON.stringify(char).slice(1, -1);
    return short === char ? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}` : short;
  });
}

/** The text as it stands in a message: in double quotes, short, one line. */
export function quote(text: string): string {
  const shown = text.length > 80 ? `${text.slice(0, 77)}...` : text;
  return JSON.stringify(shown);
}

/**
 * A message about a secret: every quoted piece of the value is left out, and what may be a piece of it in the place of a
 * name. Messages quote by JSON's rules, see above.
 */
export function withoutQuotes(message: string): string {
  return message
    .replace(/"(?:[^"\\]|\\.)*"/g, '"…"')
    .replace(/^\S+(?= is "…", and)/, 'a value')
    .replace(/^\S+= has no value; write \S+ for/, 'a name has no value; write NAME="" for');
}
