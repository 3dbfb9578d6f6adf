/**
 * How long supd's event loop keeps a caller waiting, measured by a thread of its own: what the crowd in the main thread
 * does is no delay of supd's. Tells its parent the milliseconds of each call.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { connect } from '../../src/grpc/client.js';

const EVERY_MS = 100;

const client = connect(workerData as string);
let isOver = false;
parentPort?.once('message', () => {
  isOver = true;
});
while (!isOver) {
  const begin = performance.now();
  await client.getDaemon();
  parentPort?.postMessage(performance.now() - begin);
  await pause(EVERY_MS);
}
client.close();
