/** Who asked for a change, at which door, and why, is in the main log: of every call that changes anything, at every door. */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { userInfo } from 'node:os';
import tap, { type Test, test } from 'tap';
import type { Client } from '../../src/grpc/client.js';
import { methods } from '../../src/grpc/methods.js';
import { decodeResponse } from '../../src/xmlrpc/codec/decode.js';
import { encodeCall } from '../../src/xmlrpc/codec/encode.js';
import type { Value } from '../../src/xmlrpc/codec/value.js';
import { freePort } from '../helpers/free-port.js';
import { job, program, section } from '../helpers/place.js';
import { type Supd, startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

tap.jobs = 3;
tap.setTimeout(180_000);

const uid = userInfo().uid;
const SITE =
  program('a', 'reads-stdin', { reload_signal: 'CONT' }) +
  program('b', 'waits') +
  job('one', 'true') +
  job('slow', 'sleep 1000') +
  section('notify:ops', { command: 'true' });

async function done(answer: Promise<unknown> | AsyncIterable<unknown>): Promise<void> {
  if (!(Symbol.asyncIterator in answer)) return void (await answer);
  for await (const _ of answer);
}

type Row = readonly [told: string, call: (client: Client, reason: string) => Parameters<typeof done>[0]];

/** Each changing call of the contract, in an order in which it can be done. */
const ROWS: Readonly<Record<string, Row>> = {
  rereadConfiguration: ['reread', (client, reason) => client.rereadConfiguration({ reason })],
  stopProcesses: ['stop b', (client, reason) => client.stopProcesses({ targets: ['b'], reason })],
  removeGroup: ['remove b', (client, reason) => client.removeGroup({ group: 'b', reason })],
  addGroup: ['add b', (client, reason) => client.addGroup({ group: 'b', reason })],
  startProcesses: ['start b', (client, reason) => client.startProcesses({ targets: ['b'], reason })],
  restartProcesses: ['restart b', (client, reason) => client.restartProcesses({ targets: ['b'], reason })],
  signalProcesses: [
    'signal CONT b',
    (client, reason) => client.signalProcesses({ targets: ['b'], signal: 'CONT', reason }),
  ],
  reloadPrograms: ['reload-program a', (client, reason) => client.reloadPrograms({ targets: ['a'], reason })],
  writeStdin: [
    'write to a:a',
    (client, reason) => client.writeStdin({ name: 'a', chars: Buffer.from('x\n'), reason }),
  ],
  clearLogs: ['clear logs of a', (client, reason) => client.clearLogs({ targets: ['a'], reason })],
  updateGroups: ['update', (client, reason) => client.updateGroups({ reason })],
  reopenLogs: ['reopen logs', (client, reason) => client.reopenLogs({ reason })],
  testNotification: ['notify test ops', (client, reason) => client.testNotification({ name: 'ops', reason })],
  rollProcesses: [
    'rolling restart a b',
    async (client, reason) => {
      const rolling = client.rollProcesses({ targets: ['a', 'b'], reason })[Symbol.asyncIterator]();
      await rolling.next();
      // It goes on without its client.
      void rolling.return?.();
    },
  ],
  cancelRolling: [
    'end of the rolling restart',
    (client, reason) =>
      done(client.cancelRolling({ reason })).catch((error) => {
        // Two quick programs may be through already: another one is begun for it.
        if (error.code !== 'NOT_RUNNING') throw error;
        return cancelAnother(client, reason);
      }),
  ],
  runJob: ['run one', (client, reason) => client.runJob({ job: 'one', reason })],
  cancelRun: [
    'cancel slow',
    async (client, reason) => {
      const slow = client.runJob({ job: 'slow' })[Symbol.asyncIterator]();
      await slow.next();
      await client.cancelRun({ job: 'slow', reason });
      void slow.return?.();
    },
  ],
  upgrade: ['upgrade', (client, reason) => client.upgrade({ reason })],
  reload: ['reload', (client, reason) => client.reload({ reason })],
  shutdown: ['shutdown', (client, reason) => client.shutdown({ reason })],
};

/** Until one is under way when its end is asked for. */
function cancelAnother(client: Client, reason: string): Promise<unknown> {
  return until('a rolling restart to be cancelled', async () => {
    const rolling = client.rollProcesses({ targets: ['a', 'b'] })[Symbol.asyncIterator]();
    await rolling.next();
    void rolling.return?.();
    await client.cancelRolling({ reason });
    return true;
  });
}

test('each call of the contract that changes anything is in the log with the peer’s uid and pid and the reason', async (t) => {
  // What it reads is an operator's affair; nothing changes by it.
  const changing = Object.entries(methods).flatMap(([name, { changes }]) => (changes ? [name] : []));
  t.same(Object.keys(ROWS).sort(), changing.filter((name) => name !== 'planUpdate').sort());
  const supd = await startSupd(t, SITE);
  await supd.says('a', 'ready');
  for (const [name, [told, call]] of Object.entries(ROWS)) {
    await until(`${name} to be possible`, () => supd.client.getDaemon());
    await supd.state('a', 'RUNNING');
    await done(call(supd.client, `because of ${name}`));
    await supd.logs(
      `${told} asked for by uid ${uid} (pid ${process.pid}) at supd.sock: because of ${name}\n`,
    );
  }
  t.match(await supd.ended(), { code: 0 });
});

/** Methods of XML-RPC that only read. */
const READING = new Set(
  (
    'getAPIVersion getVersion getSupervisorVersion getIdentification getState getPID getAllConfigInfo getProcessInfo ' +
    'getAllProcessInfo readLog readMainLog readProcessLog readProcessStdoutLog readProcessStderrLog tailProcessLog ' +
    'tailProcessStdoutLog tailProcessStderrLog'
  ).split(' '),
);

/** Each of the others, in an order in which it can be done: what is told, and its parameters. */
const XML_ROWS: Readonly<Record<string, readonly [told: string, ...params: Value[]]>> = {
  reloadConfig: ['reread'],
  stopProcess: ['stop b:b', 'b'],
  startProcess: ['start b:b', 'b'],
  stopProcessGroup: ['stop b:b', 'b'],
  removeProcessGroup: ['remove b', 'b'],
  addProcessGroup: ['add b', 'b'],
  stopAllProcesses: ['stop a:a b:b'],
  startProcessGroup: ['start b:b', 'b'],
  startAllProcesses: ['start a:a'],
  signalProcess: ['signal CONT b:b', 'b', 'CONT'],
  signalProcessGroup: ['signal CONT b:b', 'b', 'CONT'],
  signalAllProcesses: ['signal CONT a:a b:b', 'CONT'],
  sendProcessStdin: ['write to a:a', 'a', 'x\n'],
  sendRemoteCommEvent: ['remote event deploy', 'deploy', 'done'],
  clearLog: ['clear the main log'],
  clearProcessLog: ['clear logs of a:a', 'a'],
  clearProcessLogs: ['clear logs of a:a', 'a'],
  clearAllProcessLogs: ['clear logs of a:a b:b'],
  restart: ['reload'],
  shutdown: ['shutdown'],
};

interface Door {
  readonly options: http.RequestOptions;
  readonly headers: Readonly<Record<string, string>>;
  readonly who: string;
}

function ask(
  { options, headers }: Door,
  method: string,
  params: readonly Value[],
  reason = '',
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { ...options, method: 'POST', path: '/RPC2', headers: { ...headers, 'X-Supd-Reason': reason } },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (more: string) => {
          text += more;
        });
        response.on('end', () => {
          const answer = decodeResponse(text);
          if ('fault' in answer) reject(new Error(`${method}: ${JSON.stringify(answer.fault)}`));
          else resolve(answer.value);
        });
      },
    );
    request.on('error', reject).end(encodeCall({ method, params }));
  });
}

async function askAll(t: Test, supd: Supd, door: Door): Promise<void> {
  const served = (await ask(door, 'system.listMethods', [])) as readonly string[];
  const changing = served
    .filter((name) => name.startsWith('supervisor.'))
    .map((name) => name.slice('supervisor.'.length))
    .filter((name) => !READING.has(name));
  t.same(Object.keys(XML_ROWS).sort(), changing.sort(), 'there are no others');
  for (const [name, [told, ...params]] of Object.entries(XML_ROWS)) {
    const state = await until(`${name} to be possible`, () => ask(door, 'supervisor.getState', []));
    t.match(state, { statename: 'RUNNING' }, name);
    await ask(door, `supervisor.${name}`, params, `because of ${name}`);
    await supd.logs(`${told} asked for by ${door.who}: because of ${name}\n`);
  }
  t.match(await supd.ended(), { code: 0 });
}

const FACTORY = section('rpcinterface:supervisor', {
  'supervisor.rpcinterface_factory': 'supervisor.rpcinterface:make_main_rpcinterface',
});

test('each method of XML-RPC that changes anything is in the log with the peer’s uid and pid and the reason', async (t) => {
  const supd = await startSupd(t, SITE + FACTORY + section('unix_http_server', { file: '%(here)s/s.sock' }));
  await supd.says('a', 'ready');
  const who = `uid ${uid} (pid ${process.pid}) at s.sock`;
  await askAll(t, supd, { options: { socketPath: `${supd.dir}/s.sock` }, headers: {}, who });
});

test('and over TCP with the user name of the request; passwords and what is sent are not told', async (t) => {
  const port = await freePort();
  const server = section('inet_http_server', {
    port: `127.0.0.1:${port}`,
    username: 'alice',
    password: 'wonderland',
  });
  const supd = await startSupd(t, SITE + FACTORY + server);
  await supd.says('a', 'ready');
  const authorization = `Basic ${Buffer.from('alice:wonderland').toString('base64')}`;
  const who = `alice from 127.0.0.1 at 127.0.0.1:${port}`;
  await askAll(t, supd, { options: { host: '127.0.0.1', port }, headers: { authorization }, who });
  t.notMatch(readFileSync(`${supd.dir}/supd.log`, 'utf8'), /wonderland|heard/);
});
