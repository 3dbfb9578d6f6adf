/**
 * Reads back who a started process has become. The tools that make it what it should be end by executing it, a few
 * milliseconds after the start: from then on it is looked at once. Nobody waits for that.
 */
import { type AskedIdentity, differences } from '../core/identity.js';
import { gainsByItsFile, readCommandLine, readIdentity } from '../os/identity.js';

export interface Expected extends AskedIdentity {
  /** All words of the chain, the program's own last. */
  readonly chain: readonly string[];
  /** How many of them are the program's. */
  readonly programWords: number;
}

export interface Verdict {
  /** Rights that it must not have; empty: none. */
  readonly wrong: string;
  /** What it was asked to have and hasn't; a program may have given it up itself. */
  readonly missing: string;
}

/** First look, and the longest pause between two. */
const FIRST_MS = 3;
const LONGEST_MS = 200;

interface Waiting {
  readonly expected: Expected;
  readonly tell: (verdict: Verdict) => void;
}

export class Verifier {
  readonly #isOurs: (pid: number) => boolean;
  readonly #waiting = new Map<number, Waiting>();
  #timer: NodeJS.Timeout | undefined;
  #pauseMs = FIRST_MS;

  /** @param isOurs  false once its end has been taken: the number may be another's by now */
  constructor(isOurs: (pid: number) => boolean) {
    this.#isOurs = isOurs;
  }

  /** Calls `tell` when the process differs from what is expected; never for one that ends before it can be seen. */
  expect(pid: number, expected: Expected, tell: (verdict: Verdict) => void): void {
    this.#waiting.set(pid, { expected, tell });
    this.#pauseMs = FIRST_MS;
    this.#timer ??= setTimeout(() => this.#look(), this.#pauseMs);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#waiting.clear();
  }

  #look(): void {
    this.#timer = undefined;
    for (const [pid, one] of [...this.#waiting]) {
      if (this.#isOurs(pid) && isOnItsWay(pid, one.expected)) continue;
      this.#waiting.delete(pid);
      if (this.#isOurs(pid)) judge(pid, one);
    }
    if (this.#waiting.size === 0) return;
    this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_MS);
    this.#timer ??= setTimeout(() => this.#look(), this.#pauseMs);
  }
}

/** Is it still one of the tools? Each has the words from its own name on; one that is a script, an interpreter's before. */
function isOnItsWay(pid: number, { chain, programWords }: Expected): boolean {
  const words = readCommandLine(pid);
  if (words === undefined) return false;
  if (words.length === 0) return true;
  return INTERPRETER_WORDS.some((count) => {
    const own = words.slice(count);
    const rest = chain.slice(-own.length);
    return (
      own.length > programWords && own.length === rest.length && own.every((word, at) => word === rest[at])
    );
  });
}

/** execve(2): none, the interpreter, or that and its one argument. */
const INTERPRETER_WORDS = [0, 1, 2];

function judge(pid: number, { expected, tell }: Waiting): void {
  const verdict = readVerdict(pid, expected);
  if (verdict) tell(verdict);
}

/** How a process differs from what was asked, by what the kernel says of it just now; undefined: it doesn't, or is gone. */
export function readVerdict(pid: number, asked: AskedIdentity): Verdict | undefined {
  const seen = readIdentity(pid);
  if (!seen) return undefined;
  let found = differences(asked, seen, false);
  // The file is looked at only where something is amiss.
  if (found.some(({ isMore }) => isMore)) found = differences(asked, seen, gainsByItsFile(pid));
  if (found.length === 0) return undefined;
  const words = (isMore: boolean) =>
    found
      .filter((one) => one.isMore === isMore)
      .map(({ what }) => what)
      .join(', ');
  return { wrong: words(true), missing: words(false) };
}
