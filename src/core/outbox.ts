/**
 * Messages on their way. One that could not be delivered is tried again, with growing pauses, for about a day; then
 * it is given up. There is a most that is kept: the oldest goes first.
 */
import type { NotifyChannel } from './notice.js';
import type { Message } from './notices.js';
import type { Millis } from './program.js';

export interface Letter {
  readonly id: number;
  readonly channel: NotifyChannel;
  readonly message: Message;
  /** Tries made. */
  readonly tries: number;
  /** Wall clock of the next one. */
  readonly due: Millis;
}

/** Oldest first. */
export type Outbox = readonly Letter[];

const SECOND: Millis = 1000;
const MINUTE: Millis = 60 * SECOND;
const HOUR: Millis = 60 * MINUTE;
/** Before the second try, the third … */
const PAUSES: readonly Millis[] = [
  SECOND,
  10 * SECOND,
  MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  HOUR,
  2 * HOUR,
  4 * HOUR,
  8 * HOUR,
  8 * HOUR,
];
const MOST_LETTERS = 200;

/** Adds a message for each way of its section. @returns with those that had to go for it */
export function post(
  outbox: Outbox,
  message: Message,
  channels: readonly NotifyChannel[],
  now: Millis,
): { readonly outbox: Outbox; readonly dropped: readonly Letter[] } {
  const first = 1 + Math.max(0, ...outbox.map(({ id }) => id));
  const added = channels.map((channel, at) => ({ id: first + at, channel, message, tries: 0, due: now }));
  const all = [...outbox, ...added];
  const over = Math.max(0, all.length - MOST_LETTERS);
  return { outbox: all.slice(over), dropped: all.slice(0, over) };
}

/** Those that are due now; a clock that was set back makes nothing wait longer than its pause. */
export function dueLetters(outbox: Outbox, now: Millis): readonly Letter[] {
  return outbox.filter(({ due, tries }) => due <= now || due - now > pauseAfter(tries));
}

/** When the next one is due, or undefined. */
export function outboxDue(outbox: Outbox): Millis | undefined {
  return outbox.length === 0 ? undefined : Math.min(...outbox.map(({ due }) => due));
}

export function delivered(outbox: Outbox, id: number): Outbox {
  return outbox.filter((letter) => letter.id !== id);
}

/** @returns with the letter as it waits for its next try; undefined: it is given up */
export function notDelivered(
  outbox: Outbox,
  id: number,
  now: Millis,
): { readonly outbox: Outbox; readonly waits?: Letter } {
  const letter = outbox.find((one) => one.id === id);
  if (letter === undefined) return { outbox };
  const tries = letter.tries + 1;
  if (tries > PAUSES.length) return { outbox: delivered(outbox, id) };
  const waits = { ...letter, tries, due: now + pauseAfter(tries) };
  return { outbox: outbox.map((one) => (one.id === id ? waits : one)), waits };
}

function pauseAfter(tries: number): Millis {
  return PAUSES[Math.min(tries, PAUSES.length) - 1] ?? 0;
}
