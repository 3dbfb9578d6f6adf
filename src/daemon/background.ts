/**
 * Becoming a daemon: the foreground process starts itself again in a session of its own and waits until that one
 * serves or has said on this terminal why it can't.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { makePipe, markNotInherited, redirect } from '../os/exec.js';
import { spawnProcess } from '../os/spawn.js';

/** Tells the second process that it is the daemon; its descriptor 3 takes the news. */
const MARK = 'SUPD_BACKGROUND';
const NEWS_FD = 3;
const READY = 'ready';
let isAwaited = false;

/** Is this the process in the background? Read once: children must not inherit the mark. */
export function takeBackgroundMark(env: NodeJS.ProcessEnv): boolean {
  const marked = env[MARK] === '1';
  delete env[MARK];
  if (marked) markNotInherited(NEWS_FD);
  isAwaited = marked;
  return marked;
}

/** Starts the daemon and waits for its news. @returns the exit status of the foreground process */
export function startInBackground(): number {
  const [reading, writing] = makePipe();
  const input = openSync('/dev/null', 'r');
  spawnProcess({
    file: process.execPath,
    argv: [process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    env: Object.entries({ ...process.env, [MARK]: '1' }).map(([key, value]) => `${key}=${value}`),
    fds: [
      [0, input],
      [1, 1],
      [2, 2],
      [NEWS_FD, writing],
    ],
    session: true,
  });
  closeSync(writing);
  closeSync(input);
  const news = Buffer.alloc(16);
  // Ends with the daemon's word, or with the daemon itself.
  const word = news.toString('utf8', 0, readSync(reading, news));
  return word === READY ? 0 : Number(word) || 1;
}

/** The daemon can't serve: a foreground process that still waits ends with its status. */
export function tellFailure(status: number): void {
  if (isAwaited) writeSync(NEWS_FD, String(status));
}

/** The daemon serves: lets the foreground process go and leaves the terminal. */
export function leaveForeground(): void {
  isAwaited = false;
  writeSync(NEWS_FD, READY);
  closeSync(NEWS_FD);
  const nowhere = openSync('/dev/null', 'r+');
  for (const fd of [0, 1, 2]) redirect(nowhere, fd);
  closeSync(nowhere);
}
