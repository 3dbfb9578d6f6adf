/** What is remembered of each process in this life of supd: since when it is in its state, who asked last for what. */
import type { Daemon } from '../daemon/daemon.js';
import type { Asked, AskedFor } from './api.js';
import { describeCaller, printable } from './told.js';

export interface History {
  readonly since: Map<string, number>;
  readonly asked: Map<string, AskedFor>;
}

const histories = new WeakMap<Daemon, History>();

/** Begins with the daemon's life; what is removed from the configuration is forgotten at the next change. */
export function historyOf(daemon: Daemon): History {
  const known = histories.get(daemon);
  if (known) return known;
  const history: History = { since: new Map(), asked: new Map() };
  histories.set(daemon, history);
  daemon.onStateChange((id) => {
    history.since.set(id, Date.now());
    forgetRemoved(daemon, history);
  });
  daemon.rollings.onBegun(({ kind, ids, by, reason }) => {
    if (kind === 'memory')
      for (const id of ids) history.asked.set(id, { what: 'restart', by, reason, time: Date.now() });
  });
  return history;
}

/** Somebody asked for a change of these processes. */
export function noteAsked(daemon: Daemon, what: string, ids: readonly string[], asked: Asked): void {
  const { caller, reason = '' } = asked;
  const one = { what, by: printable(describeCaller(caller)), reason: printable(reason), time: Date.now() };
  for (const id of ids) historyOf(daemon).asked.set(id, one);
  daemon.watch.deaths.asked(ids, one);
}

function forgetRemoved(daemon: Daemon, history: History): void {
  const { processes } = daemon.engine.world;
  for (const kept of [history.since, history.asked]) {
    if (kept.size <= processes.size) continue;
    for (const id of kept.keys()) if (!processes.has(id)) kept.delete(id);
  }
}
