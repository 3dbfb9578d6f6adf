/**
 * How long supd's event loop keeps a caller waiting, measured by a thread of its own: what the crowd in the main thread
 * does is no delay of supd's, and neither is the time for which supd or this thread had no CPU (proc(5), schedstat).
 * Tells its parent the milliseconds of each call.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { connect } from '../../src/grpc/client.js';

const EVERY_MS = 100;
const { socketPath, pid } = workerData as { readonly socketPath: string; readonly pid: number };

/** Milliseconds for which a thread could have run and had no CPU. */
function waitedMs(task: string): number {
  return Number(readFileSync(`/proc/${task}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
}

const waits = () => waitedMs(`${pid}/task/${pid}`) + waitedMs('thread-self');

const client = connect(socketPath);
let isOver = false;
parentPort?.once('message', () => {
  isOver = true;
});
while (!isOver) {
  const [begin, waited] = [performance.now(), waits()];
  await client.getDaemon();
  parentPort?.postMessage(Math.max(0, performance.now() - begin - (waits() - waited)));
  await pause(EVERY_MS);
}
client.close();
