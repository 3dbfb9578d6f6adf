/** Linux signals by name and number, as signal(7) gives them for x86 and ARM. */

const NUMBERS: ReadonlyMap<string, number> = new Map([
  ['SIGHUP', 1],
  ['SIGINT', 2],
  ['SIGQUIT', 3],
  ['SIGILL', 4],
  ['SIGTRAP', 5],
  ['SIGABRT', 6],
  ['SIGBUS', 7],
  ['SIGFPE', 8],
  ['SIGKILL', 9],
  ['SIGUSR1', 10],
  ['SIGSEGV', 11],
  ['SIGUSR2', 12],
  ['SIGPIPE', 13],
  ['SIGALRM', 14],
  ['SIGTERM', 15],
  ['SIGSTKFLT', 16],
  ['SIGCHLD', 17],
  ['SIGCONT', 18],
  ['SIGSTOP', 19],
  ['SIGTSTP', 20],
  ['SIGTTIN', 21],
  ['SIGTTOU', 22],
  ['SIGURG', 23],
  ['SIGXCPU', 24],
  ['SIGXFSZ', 25],
  ['SIGVTALRM', 26],
  ['SIGPROF', 27],
  ['SIGWINCH', 28],
  ['SIGIO', 29],
  ['SIGPWR', 30],
  ['SIGSYS', 31],
  ['SIGRTMIN', 34],
  ['SIGRTMAX', 64],
]);

const ALIASES: ReadonlyMap<string, number> = new Map([
  ['SIGIOT', 6],
  ['SIGCLD', 17],
  ['SIGPOLL', 29],
]);

const NAMES: ReadonlyMap<number, string> = new Map([...NUMBERS].map(([name, number]) => [number, name]));

/** The names that `signalNumber` knows, each with its SIG. */
export const SIGNAL_NAMES: readonly string[] = [...NUMBERS.keys(), ...ALIASES.keys()];

/**
 * The number of a signal given as a number or as a name in any case, with or without SIG.
 * @returns undefined when Linux has no such signal. 0 is a number: it sends nothing.
 */
export function signalNumber(text: string): number | undefined {
  const word = text.trim().toUpperCase();
  if (/^[+-]?\d+$/.test(word)) {
    const number = Number(word);
    return number === 0 || NAMES.has(number) || (number > 34 && number < 64) ? number : undefined;
  }
  const name = word.startsWith('SIG') ? word : `SIG${word}`;
  return NUMBERS.get(name) ?? ALIASES.get(name);
}

/** `SIGTERM` for 15; `SIGRTMIN+n` between the real-time bounds; `signal N` for what has no name. */
export function signalName(signal: number): string {
  const name = NAMES.get(signal);
  if (name !== undefined) return name;
  return signal > 34 && signal < 64 ? `SIGRTMIN+${signal - 34}` : `signal ${signal}`;
}
