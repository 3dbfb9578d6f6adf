// `node [flags] cache.mjs NAME`: runs dist/NAME.cjs once as it is usually run, then keeps what V8 compiled for it in
// dist/NAME.cache. In a process of its own, since a program ends its process.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http2 from 'node:http2';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
const [name = ''] = process.argv.slice(2);
const directory = mkdtempSync(path.join(tmpdir(), 'supd-build-'));
const socketPath = path.join(directory, 's');
const words = { supctl: ['-s', `unix://${socketPath}`, 'status'], supd: ['--version'] };

let script;
process.on('exit', () => {
  rmSync(directory, { recursive: true, force: true });
  if (script) writeFileSync(path.join(root, 'dist', `${name}.cache`), script.createCachedData());
});

await answerStatus();
process.argv.splice(1, Number.POSITIVE_INFINITY, path.join(root, 'bin', name), ...words[name]);
script = createRequire(import.meta.url)(path.join(root, 'bin/start.cjs'))(name);

/** Stands in for a daemon with one process; whatever else is asked, the answer is empty. */
async function answerStatus() {
  const { supd } = await import('../grpc/gen/contract.js');
  const { ListProcessesResponse, ProcessState } = supd.v1;
  const one = {
    name: 'x',
    group: 'x',
    state: ProcessState.PROCESS_STATE_RUNNING,
    description: 'pid 1',
    pid: 1,
  };
  const processes = ListProcessesResponse.encode({ processes: [one] }).finish();
  const server = http2.createServer();
  server.on('stream', (stream, headers) => {
    const message = headers[':path'].endsWith('/ListProcesses') ? processes : Buffer.alloc(0);
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.length, 1);
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.concat([head, message]));
  });
  await new Promise((resolve) => server.listen(socketPath, resolve));
  server.unref();
}
