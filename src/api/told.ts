/** Who asked for what, for the main log: every change that somebody asks for leaves a line. */
import type { Daemon } from '../daemon/daemon.js';
import type { Asked } from './api.js';

/** Names and reasons come from a socket: no control characters, no endless lines. */
export function tellAsked(daemon: Daemon, what: string, targets: readonly string[], asked: Asked): void {
  const { caller, reason } = asked;
  const who =
    caller.uid === undefined ? caller.door : `uid ${caller.uid} (pid ${caller.pid}) at ${caller.door}`;
  const why = reason ? `: ${reason}` : '';
  daemon.parts.log.info(printable(`${[what, ...targets].join(' ')} asked for by ${who}${why}`));
}

function printable(text: string): string {
  const clean = text.replace(/\p{Cc}/gu, ' ');
  return clean.length > 500 ? `${clean.slice(0, 500)}…` : clean;
}
