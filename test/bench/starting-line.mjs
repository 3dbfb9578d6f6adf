// Writers that wait for each other: the two FIFOs that writer.pl knows.
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { until } from './until.mjs';

export const writer = path.join(import.meta.dirname, 'writer.pl');

/** `go(count)` lets so many writers go; `ready` and `done` count those that said so. */
export function openStartingLine(control) {
  execFileSync('mkfifo', [`${control}.told`, `${control}.go`]);
  const told = openSync(`${control}.told`, constants.O_RDWR | constants.O_NONBLOCK);
  const go = openSync(`${control}.go`, constants.O_RDWR);
  const line = {
    ready: 0,
    done: 0,
    doneAt: 0,
    go: (count) => writeSync(go, 'g'.repeat(count)),
    untilReady: (count) => until(`${count} writers to be ready`, () => line.ready >= count, { everyMs: 20 }),
    untilDone: (count) => until(`${count} writers to be done`, () => line.done >= count, { seconds: 300 }),
    close: () => {
      socket.destroy();
      closeSync(go);
    },
  };
  const socket = new net.Socket({ fd: told, readable: true, writable: false });
  socket.on('data', (bytes) => {
    for (const byte of bytes) {
      if (byte === 'r'.charCodeAt(0)) line.ready += 1;
      else line.done += 1;
    }
    line.doneAt = performance.now();
  });
  return line;
}
