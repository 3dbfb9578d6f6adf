/** Who asked for what: every change that somebody asks for leaves a line in the main log, and an event. */
import type { Daemon } from '../daemon/daemon.js';
import type { Asked, Caller } from './api.js';

/** Names and reasons come from a socket: no control characters, no endless lines. */
export function tellAsked(daemon: Daemon, what: string, targets: readonly string[], asked: Asked): void {
  const { caller, reason } = asked;
  const who = describeCaller(caller);
  const why = reason ? `: ${reason}` : '';
  daemon.parts.log.info(printable(`${[what, ...targets].join(' ')} asked for by ${who}${why}`));
  const details = { what, targets: targets.join(' '), by: who, ...(reason ? { reason } : {}) };
  const printed = Object.entries(details).map(([key, text]) => [key, printable(text)] as const);
  daemon.events.add({
    time: Date.now(),
    type: 'REQUEST',
    name: '',
    group: '',
    details: Object.fromEntries(printed),
  });
}

/** "uid 0 (pid 7) at supd.sock", "CN=alice at 127.0.0.1:9443", or the door alone. */
export function describeCaller({ uid, pid, subject, door }: Caller): string {
  if (subject !== undefined) return `${subject} at ${door}`;
  return uid === undefined ? door : `uid ${uid} (pid ${pid}) at ${door}`;
}

/** Without control characters and without end. */
export function printable(text: string): string {
  const clean = text.replace(/\p{Cc}/gu, ' ');
  return clean.length > 500 ? `${clean.slice(0, 500)}…` : clean;
}
