/**
 * Told of writes to a FIFO by inotify(7), never by polling it. A pipe that was polled once wakes its poller at each
 * write for ever after (`poll_usage` in the kernel's fs/pipe.c): a fifth of what a write of 100 bytes costs its
 * writer. A watch costs nothing once it is closed.
 */
import fs from 'node:fs';

export interface Wake {
  /** After it returns `woken` is not called any more. */
  close(): void;
}

/** The kernel's queue of events may overflow while the loop is held up: nobody waits longer than this. */
const LOOK_MS = 1000;
/** For those that got no watch (max_user_watches is reached, no inotify in this kernel). */
const LOOK_WITHOUT_WATCH_MS = 50;

interface Look {
  readonly those: Set<() => void>;
  timer: NodeJS.Timeout | undefined;
}

const looks = new Map<number, Look>();

/**
 * Calls `woken` soon after something was written to the FIFO behind `fd`, and now and then without a reason. What was
 * written before this call is not told: read once after it.
 */
export function watchWrites(fd: number, woken: () => void): Wake {
  let watcher: fs.FSWatcher | undefined;
  try {
    // By way of the descriptor: it is that very pipe, also when its name has been swept away or given to another.
    watcher = fs.watch(`/proc/self/fd/${fd}`, woken);
    watcher.on('error', () => watcher?.close());
  } catch {
    watcher = undefined;
  }
  const leave = lookEvery(watcher ? LOOK_MS : LOOK_WITHOUT_WATCH_MS, woken);
  return {
    close: () => {
      leave();
      watcher?.close();
    },
  };
}

/** Calls `woken` every so often, by one timer for all of the same interval. @returns ends it */
export function lookEvery(everyMs: number, woken: () => void): () => void {
  const look = looks.get(everyMs) ?? { those: new Set(), timer: undefined };
  looks.set(everyMs, look);
  look.those.add(woken);
  look.timer ??= setInterval(() => {
    for (const one of [...look.those]) one();
  }, everyMs);
  return () => {
    look.those.delete(woken);
    if (look.those.size > 0) return;
    clearInterval(look.timer);
    look.timer = undefined;
  };
}
