/** What happened, numbered, the newest few thousand kept: those who watch may leave and come back. */
import { randomBytes } from 'node:crypto';
import type { Millis } from '../core/program.js';

export interface LoggedEvent {
  /** From 1 in the life of this log. */
  readonly sequence: number;
  readonly time: Millis;
  readonly type: string;
  readonly name: string;
  readonly group: string;
  readonly details: Readonly<Record<string, string>>;
}

export type Watched =
  | { readonly kind: 'event'; readonly event: LoggedEvent }
  | { readonly kind: 'gap'; readonly missed: number };

const KEPT = 4096;
/** Of all that is kept: clients send events of their own. */
const KEPT_MAX_CHARS = 8 << 20;

export class EventLog {
  readonly #life = randomBytes(6).toString('hex');
  readonly #kept: LoggedEvent[] = [];
  readonly #waiting = new Set<() => void>();
  #last = 0;
  #chars = 0;

  add(event: Omit<LoggedEvent, 'sequence'>): void {
    this.#last += 1;
    this.#kept.push({ ...event, sequence: this.#last });
    this.#chars += charsOf(event);
    // Cut in halves: a shift for each event would move them all.
    while (this.#kept.length > 2 * KEPT || this.#chars > KEPT_MAX_CHARS) {
      for (const gone of this.#kept.splice(0, Math.ceil(this.#kept.length / 2))) this.#chars -= charsOf(gone);
    }
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** To resume after this event. */
  tokenOf(event: LoggedEvent): string {
    return `${this.#life}-${event.sequence}`;
  }

  /**
   * Events after the one that `token` names, then those to come, until `signal`. A token of an earlier daemon, or
   * of events no longer kept, begins with a gap (`missed` 0: nobody knows how many).
   */
  async *watch(token: string | undefined, signal: AbortSignal): AsyncGenerator<Watched> {
    let seen = this.#last;
    if (token !== undefined) {
      const [life, number] = token.split('-');
      const first = this.#kept[0]?.sequence ?? this.#last + 1;
      seen = life === this.#life ? Math.min(Number(number) || 0, this.#last) : first - 1;
      if (life !== this.#life) yield { kind: 'gap', missed: 0 };
    }
    while (!signal.aborted) {
      const first = this.#kept[0]?.sequence ?? this.#last + 1;
      if (seen + 1 < first) {
        yield { kind: 'gap', missed: first - 1 - seen };
        seen = first - 1;
      }
      const next = this.#kept[seen + 1 - first];
      if (next) {
        seen = next.sequence;
        yield { kind: 'event', event: next };
      } else await this.#more(signal);
    }
  }

  #more(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener('abort', wake);
        this.#waiting.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }
}

function charsOf({ details }: Omit<LoggedEvent, 'sequence'>): number {
  return Object.values(details).reduce((sum, text) => sum + text.length, 0);
}
