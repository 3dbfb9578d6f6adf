import { test } from 'tap';
import { connect } from '../../src/grpc/client.js';
import { fakeApi, until } from './fake-api.js';
import { all, eventually, serve } from './serve.js';

test('a client that leaves ends the wait in the daemon', async (t) => {
  const ended: string[] = [];
  const api = fakeApi({
    followLog: async function* (name, _channel, _history, signal) {
      yield Buffer.from('first');
      yield* until(signal, () => ended.push(name));
    },
  });
  const { client, socketPath, lines } = await serve(t, { api });

  for await (const _ of client.followLog({ name: 'left early' })) break;
  await eventually(() => ended.includes('left early'));

  const abort = new AbortController();
  const following = all(client.followLog({ name: 'aborted' }, { signal: abort.signal }));
  abort.abort();
  await t.rejects(following, { code: 'CANCELLED' });

  const second = new AbortController();
  const values = client
    .followLog({ name: 'aborted later' }, { signal: second.signal })
    [Symbol.asyncIterator]();
  await values.next();
  const pending = values.next();
  second.abort();
  await t.rejects(pending, { code: 'CANCELLED' });
  await eventually(() => ended.includes('aborted later'));

  const other = connect(socketPath);
  const third = other.followLog({ name: 'hung up' })[Symbol.asyncIterator]();
  await third.next();
  const last = third.next();
  other.close();
  await t.rejects(last, { code: 'LOST' });
  await eventually(() => ended.includes('hung up'));

  t.equal((await client.getDaemon()).pid, 1, 'the connection serves on');
  t.strictSame(lines, []);
});

test('a deadline ends the wait, and the operation goes on', async (t) => {
  let finished = false;
  const api = fakeApi({
    stop: async function* (_targets, { signal }) {
      yield { name: 'a', group: 'a', code: 'STOPPED', message: '' };
      yield* until(signal ?? AbortSignal.abort(), () => {
        finished = true;
      });
    },
  });
  const { client } = await serve(t, { api });
  await t.rejects(all(client.stopProcesses({ targets: ['all'] }, { timeoutMs: 50 })), { code: 'TIMEOUT' });
  await eventually(() => finished);
});

test('a slow reader makes the daemon wait, not grow', async (t) => {
  const chunk = Buffer.alloc(64 * 1024, 'x');
  let given = 0;
  let ended = false;
  const api = fakeApi({
    followLog: async function* (_name, _channel, _history, signal) {
      // As fast as it can, 2 GiB if nobody holds it back.
      while (given < 32_768 && !signal.aborted) {
        given += 1;
        yield chunk;
        if (given % 64 === 0) await new Promise(setImmediate);
      }
      ended = true;
    },
  });
  const { client } = await serve(t, { api });
  const values = client.followLog({ name: 'zeo' })[Symbol.asyncIterator]();
  await values.next();
  // Reads nothing more. What can be under way is in the windows and queues of both ends; once two looks see the same
  // number nothing moves.
  let before = -1;
  while (before !== given) {
    before = given;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  t.ok(given < 160, `${given} chunks of 64 KiB were taken for a reader that reads nothing`);
  t.equal((await client.getDaemon()).pid, 1, 'other calls on the same connection are answered');
  let read = 1;
  while (read < 500 && (await values.next()).value?.length === chunk.length) read += 1;
  t.equal(read, 500, 'it goes on when the reader does');
  await values.return?.();
  await eventually(() => ended);
});

test('closing lets a running call finish, and ends one that would go on for ever', async (t) => {
  const events: string[] = [];
  let release = (): void => undefined;
  const api = fakeApi({
    stop: async function* () {
      yield { name: 'a', group: 'a', code: 'STOPPED', message: '' };
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      yield { name: 'b', group: 'b', code: 'STOPPED', message: '' };
    },
    followLog: async function* (_name, _channel, _history, signal) {
      yield Buffer.from('first');
      yield* until(signal, () => events.push('follow ended'));
    },
  });
  const { client, server, socketPath } = await serve(t, { api });
  const stopping = client.stopProcesses({ targets: ['all'] })[Symbol.asyncIterator]();
  await stopping.next();
  const following = client.followLog({ name: 'zeo' })[Symbol.asyncIterator]();
  await following.next();

  const closed = server.close(200).then(() => events.push('closed'));
  await t.rejects(connect(socketPath).getDaemon(), { code: 'NO_SOCKET' });
  release();
  t.match(await stopping.next(), { value: { name: 'b' } });
  t.equal((await stopping.next()).done, true);
  await t.rejects(following.next(), { code: 'SHUTTING_DOWN', message: 'supd is shutting down' });
  await closed;
  t.strictSame(events, ['follow ended', 'closed']);
});

test('closing waits for nobody who ignores it', async (t) => {
  const api = fakeApi({
    start: async function* () {
      yield { name: 'a', group: 'a', code: 'STARTED', message: '' };
      await new Promise(() => undefined);
    },
  });
  const { client, server } = await serve(t, { api });
  const starting = client.startProcesses({ targets: ['all'] })[Symbol.asyncIterator]();
  await starting.next();
  const next = starting.next();
  await Promise.all([server.close(20), t.rejects(next, { code: 'LOST' })]);
});

test('after a lost connection the next call opens another', async (t) => {
  const first = await serve(t);
  await first.client.getDaemon();
  await first.server.close(0);
  await t.rejects(first.client.getDaemon(), { code: 'NO_SOCKET' });
  const { serveGrpc } = await import('../../src/grpc/server.js');
  const log = { warn: () => undefined, error: () => undefined };
  const again = await serveGrpc({ api: fakeApi(), socketPath: first.socketPath, mode: 0o700, log });
  t.teardown(() => again.close(0));
  t.equal((await first.client.getDaemon()).pid, 1);
});
