/**
 * Delivers messages, a few at a time, again and again while they can't be delivered. What is on its way is kept on
 * disk, so that the end of supd loses nothing; a message may come twice then, never not at all.
 */
import { formatDuration } from '../../core/durations.js';
import { channelsOf, type NotifyChannel, type NotifySpec } from '../../core/notice.js';
import type { Message } from '../../core/notices.js';
import {
  delivered,
  dueLetters,
  type Letter,
  notDelivered,
  type Outbox,
  outboxDue,
  post,
} from '../../core/outbox.js';
import type { Millis } from '../../core/program.js';

export interface PostmanParts {
  readonly specOf: (section: string) => NotifySpec | undefined;
  readonly deliver: (spec: NotifySpec, channel: NotifyChannel, message: Message) => Promise<void>;
  /** Called after each change. */
  readonly keep: (outbox: Outbox) => void;
  readonly log: { warn(text: string): void; error(text: string): void };
}

const AT_ONCE = 4;
const LONGEST_SLEEP_MS: Millis = 30_000;

/** Opened with the daemon. */
export class Postman {
  readonly #parts: PostmanParts;
  #outbox: Outbox;
  readonly #under = new Set<number>();
  /** What is wrong, by `[notify:x] mail`. */
  readonly #failures = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(parts: PostmanParts, outbox: Outbox) {
    this.#parts = parts;
    this.#outbox = outbox;
  }

  /** Goes on with what was kept. */
  start(): void {
    this.#pump();
  }

  add(messages: readonly Message[]): void {
    for (const message of messages) {
      const spec = this.#parts.specOf(message.section);
      if (spec === undefined) continue;
      const { outbox, dropped } = post(this.#outbox, message, channelsOf(spec), Date.now());
      for (const letter of dropped) this.#giveUp(letter, 'too many messages wait');
      this.#outbox = outbox;
    }
    if (messages.length === 0) return;
    this.#parts.keep(this.#outbox);
    this.#pump();
  }

  /** In sentences; each until a message of that section goes through again. */
  failures(): readonly string[] {
    return [...this.#failures].map(([way, why]) => {
      const waiting = this.#outbox.filter((letter) => wayOf(letter) === way).length;
      return `${way}: ${why}${waiting === 0 ? '' : `; ${waiting} ${waiting === 1 ? 'message waits' : 'messages wait'}`}`;
    });
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #pump(): void {
    if (this.#closed) return;
    for (const letter of dueLetters(this.#outbox, Date.now())) {
      if (this.#under.size >= AT_ONCE) break;
      if (!this.#under.has(letter.id)) void this.#try(letter);
    }
    clearTimeout(this.#timer);
    const due = outboxDue(this.#outbox.filter(({ id }) => !this.#under.has(id)));
    if (due === undefined || this.#under.size >= AT_ONCE) return;
    const wait = Math.min(LONGEST_SLEEP_MS, Math.max(0, due - Date.now()));
    this.#timer = setTimeout(() => this.#pump(), wait).unref();
  }

  async #try(letter: Letter): Promise<void> {
    this.#under.add(letter.id);
    const spec = this.#parts.specOf(letter.message.section);
    const way = wayOf(letter);
    try {
      if (spec !== undefined) await this.#parts.deliver(spec, letter.channel, letter.message);
      this.#failures.delete(way);
      this.#outbox = delivered(this.#outbox, letter.id);
    } catch (error) {
      this.#failed(letter, (error as Error).message);
    }
    this.#under.delete(letter.id);
    if (this.#closed) return;
    this.#parts.keep(this.#outbox);
    this.#pump();
  }

  #failed(letter: Letter, why: string): void {
    if (this.#closed) return;
    const { outbox, waits } = notDelivered(this.#outbox, letter.id, Date.now());
    this.#outbox = outbox;
    this.#failures.set(wayOf(letter), why);
    if (waits === undefined) return this.#giveUp(letter, why);
    const pause = formatDuration(waits.due - Date.now());
    this.#parts.log.warn(`${wayOf(letter)}: ${aboutOf(letter)} not delivered: ${why}; next try in ${pause}`);
  }

  #giveUp(letter: Letter, why: string): void {
    this.#failures.set(wayOf(letter), `gave up: ${why}`);
    this.#parts.log.error(
      `${wayOf(letter)}: ${aboutOf(letter)} given up after ${letter.tries + 1} tries: ${why}`,
    );
  }
}

function wayOf({ message, channel }: Letter): string {
  return `[notify:${message.section}] ${channel}`;
}

function aboutOf({ message: { notice } }: Letter): string {
  return `"${notice.name} ${notice.word}"`;
}
