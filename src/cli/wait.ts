/** Waiting for what the daemon does, and no longer than the person wants to. */
import { setMaxListeners } from 'node:events';
import { CallFailure } from '../grpc/client.js';
import type { Session } from './command.js';
import { fullName } from './render/names.js';
import { spokenDuration } from './render/times.js';

/** Exit status of a wait that Ctrl-C ended: 128 + SIGINT. */
const interrupted = 130;

/** Aborted by the first of the two. One call listens to it for each of the logs that are followed, however many. */
export function endOfWait(interrupt: AbortSignal, closed: AbortSignal): AbortSignal {
  const signal = AbortSignal.any([interrupt, closed]);
  setMaxListeners(0, signal, closed);
  return signal;
}

/**
 * Gives each item of `stream` to `take` until it ends, `take` has enough, or Ctrl-C comes.
 * @returns false when Ctrl-C ended it; other failures are thrown
 */
export async function drain<T>(
  session: Pick<Session, 'signal'>,
  stream: AsyncIterable<T>,
  take: (item: T) => unknown,
): Promise<boolean> {
  try {
    for await (const item of stream) {
      if ((await take(item)) === 'enough') return true;
      if (session.signal.aborted) return false;
    }
  } catch (error) {
    if (!(session.signal.aborted && error instanceof CallFailure && error.code === 'CANCELLED')) throw error;
  }
  return !session.signal.aborted;
}

/** Says that `what` goes on without us. @param look  the command that shows it @returns the exit status */
export function leaveWait(session: Session, what: string, look: string): number {
  if (!session.terminal.closed.aborted) {
    session.terminal.hint(`supctl: no longer waiting; ${what} goes on; see: ${session.again(look)}`);
  }
  return interrupted;
}

/** Most starts and stops are over before anybody wonders. */
const wonderAfterMs = 300;
const askEveryMs = 1000;

/**
 * While a person waits: which of the targets are still on their way, asked for every second and shown on stderr.
 * @returns ends it
 */
export function showWaiting(session: Session, targets: readonly string[], verb: string): () => void {
  const { terminal } = session;
  if (!terminal.lively) return () => {};
  const begun = session.now();
  let names = '';
  let ended = false;
  let timer: NodeJS.Timeout | undefined;
  const ask = async () => {
    const { processes } = await session.client().listProcesses({ targets }, { signal: session.signal });
    if (ended) return;
    names = processes
      .filter(({ state }) => state === 'STOPPING' || state === 'STARTING' || state === 'BACKOFF')
      .map((one) => `${fullName(one)} ${one.state}`)
      .join(', ');
    terminal.showProgress(() => `${verb} ${names || '…'} ${spokenDuration(session.now() - begun)}`);
    arm(askEveryMs);
  };
  // A failure here is the failure of the call that is waited for, which says it.
  const arm = (ms: number) => {
    timer = setTimeout(() => void ask().catch(() => {}), ms);
  };
  arm(wonderAfterMs);
  return () => {
    ended = true;
    clearTimeout(timer);
    terminal.settle();
  };
}
