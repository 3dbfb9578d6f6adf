import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import tap, { test } from 'tap';
import { listener, program, section } from '../helpers/place.js';
import { type Supd, startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

tap.jobs = 4;
tap.setTimeout(180_000);

interface Told {
  readonly type: string;
  readonly serial: number;
  readonly poolSerial: number;
  readonly header: string;
  readonly payload: string;
}

/** What the listener was told so far, by its standard error. */
function toldTo(supd: Supd, name: string): readonly Told[] {
  const text = supd.read(`${name}.err`);
  const pieces = text.split(/^(ver:3\.0 .*)\n/m).slice(1);
  return Array.from({ length: Math.floor(pieces.length / 2) }, (_, i) => {
    const header = pieces[2 * i] ?? '';
    const payload = (pieces[2 * i + 1] ?? '').replace(/\n$/, '');
    const number = (key: string) => Number(new RegExp(` ${key}:(\\d+)`).exec(header)?.[1]);
    const type = /eventname:(\S+)/.exec(header)?.[1] ?? '';
    return { type, serial: number('serial'), poolSerial: number('poolserial'), header, payload };
  });
}

/** Waits until the listener was told this. */
function hears(supd: Supd, name: string, payload: string | RegExp): Promise<Told> {
  return until(`${name} to be told ${String(payload)}`, () =>
    toldTo(supd, name).find((one) =>
      typeof payload === 'string' ? one.payload === payload : payload.test(one.payload),
    ),
  );
}

function touch(supd: Supd, name: string): void {
  writeFileSync(path.join(supd.dir, name), '');
}

test('a listener is told of all that it asked for, in order, with supervisord’s headers and payloads', async (t) => {
  const supd = await startSupd(
    t,
    listener('l', 'listens ok', 'PROCESS_STATE,SUPERVISOR_STATE_CHANGE,PROCESS_GROUP', { buffer_size: 50 }) +
      program('p', 'waits'),
    { daemon: { identifier: 'here' } },
  );
  const up = await supd.state('p', 'RUNNING');
  const pid = up.pid;
  const own = (await supd.state('l', 'RUNNING')).pid;
  await hears(supd, 'l', /processname:p .*RUNNING|processname:p groupname:p from_state:STARTING pid/);
  const told = toldTo(supd, 'l');
  t.same(
    told.map(({ type, payload }) => `${type} ${payload}`),
    [
      'PROCESS_GROUP_ADDED groupname:l\n',
      'PROCESS_GROUP_ADDED groupname:p\n',
      'SUPERVISOR_STATE_CHANGE_RUNNING ',
      'PROCESS_STATE_STARTING processname:l groupname:l from_state:STOPPED tries:0',
      'PROCESS_STATE_STARTING processname:p groupname:p from_state:STOPPED tries:0',
      `PROCESS_STATE_RUNNING processname:l groupname:l from_state:STARTING pid:${own}`,
      `PROCESS_STATE_RUNNING processname:p groupname:p from_state:STARTING pid:${pid}`,
    ],
  );
  t.equal(
    told[0]?.header,
    'ver:3.0 server:here serial:0 pool:l poolserial:0 eventname:PROCESS_GROUP_ADDED len:12',
  );
  t.same(
    told.map(({ serial }) => serial),
    told.map((_, i) => i),
  );
});

test('a listener is supervised as a program: status, stop, start, logs', async (t) => {
  const supd = await startSupd(t, listener('l', 'listens ok', 'TICK_3600') + program('p', 'waits'));
  const { pid } = await supd.state('l', 'RUNNING');
  t.match((await supd.told('status', 'l')).stdout, /^l {32}RUNNING {3}pid \d+/);
  await supd.says('l', 'READY\n');
  process.kill(pid, 'SIGKILL');
  await until('a new listener', async () => {
    const now = await supd.client.getProcess({ name: 'l' });
    return now.state === 'RUNNING' && now.pid !== pid;
  });
  t.match(await supd.told('stop', 'l'), { stdout: 'l: stopped\n' });
  t.match(await supd.told('start', 'l'), { stdout: 'l: started\n' });
});

test('a rejected event comes back to the pool that had it, and to no other', async (t) => {
  const text =
    listener('a', 'listens fail-once', 'PROCESS_STATE_EXITED') +
    listener('b', 'listens ok', 'PROCESS_STATE_EXITED') +
    program('p', 'says x go');
  const supd = await startSupd(t, text);
  for (const name of ['a', 'b']) await supd.state(name, 'RUNNING');
  touch(supd, 'go');
  await supd.logs('a: event was rejected');
  const twice = await until('a to be told again', () => {
    const told = toldTo(supd, 'a');
    return told.length === 2 && told;
  });
  t.equal(twice[0]?.header, twice[1]?.header);
  supd.configure(text + program('q', 'exits-after 0 0'));
  await supd.told('update');
  await hears(supd, 'b', /processname:q/);
  t.same(
    toldTo(supd, 'b').map(({ poolSerial }) => poolSerial),
    [0, 1],
  );
});

test('an event of two subscriptions that overlap is told once', async (t) => {
  const supd = await startSupd(
    t,
    listener('l', 'listens ok', 'PROCESS_STATE,PROCESS_STATE_EXITED,PROCESS_STATE_EXITED,EVENT', {
      buffer_size: 50,
    }) + program('p', 'exits-after 0 0'),
  );
  await hears(supd, 'l', /processname:p .*expected/);
  await hears(supd, 'l', /processname:l .*STARTING pid/);
  const serials = toldTo(supd, 'l').map(({ serial }) => serial);
  t.equal(new Set(serials).size, serials.length);
  t.equal(toldTo(supd, 'l').filter(({ type }) => type === 'PROCESS_STATE_EXITED').length, 1);
});

test('an event that a listener died with is told again', async (t) => {
  const supd = await startSupd(
    t,
    listener('l', 'listens die-once', 'PROCESS_STATE_EXITED', { autorestart: true }) +
      program('p', 'says x go'),
  );
  await supd.state('l', 'RUNNING');
  touch(supd, 'go');
  const told = await until('it to be told twice', () => {
    const all = toldTo(supd, 'l').filter(({ payload }) => payload.includes('processname:p'));
    return all.length === 2 && all;
  });
  t.equal(told[0]?.header, told[1]?.header);
});

test('a listener that answers nonsense gets no more events, until it is started again', async (t) => {
  const supd = await startSupd(
    t,
    listener('l', 'listens garbage-once', 'PROCESS_STATE_EXITED') + program('p', 'says x go'),
  );
  await supd.state('l', 'RUNNING');
  touch(supd, 'go');
  await supd.logs("l: bad result line: 'what is this'");
  await supd.logs(
    'WARN l: has entered the UNKNOWN state and will no longer receive events, this usually indicates the process violated the eventlistener protocol',
  );
  t.equal((await supd.state('l', 'RUNNING')).state, 'RUNNING', 'as a process it is well');
  t.equal(toldTo(supd, 'l').length, 1);
  await supd.told('restart', 'l');
  await until('the event to be told again', () => toldTo(supd, 'l').length === 2);
  t.equal(toldTo(supd, 'l')[0]?.header, toldTo(supd, 'l')[1]?.header);
});

test('a listener that reads nothing costs its events, and neither time nor memory', async (t) => {
  const supd = await startSupd(
    t,
    listener('l', 'listens deaf', 'PROCESS_LOG', { buffer_size: 3 }) +
      program('p', 'prints-lines 400000', { stdout_events_enabled: true }),
  );
  await supd.says('p', 'line 000400000\n');
  await supd.logs(/ERRO pool l event buffer overflowed, discarding event \d+/);
  t.match(await supd.told('status', 'p'), { status: 0, stdout: /RUNNING/ });
  const { memoryBytes } = await supd.client.getDaemon();
  t.ok((memoryBytes ?? Infinity) < 200e6, `the daemon takes ${memoryBytes} bytes`);
  t.match(await supd.told('restart', 'l'), { stdout: 'l: stopped\nl: started\n' });
  t.match(await supd.ended('SIGTERM'), { code: 0 });
});

test('events beyond the buffer are lost oldest first, with a line', async (t) => {
  const supd = await startSupd(
    t,
    listener('l', 'listens late', 'PROCESS_COMMUNICATION', { buffer_size: 2 }) +
      program('p', 'says <!--XSUPERVISOR:BEGIN-->0<!--XSUPERVISOR:END-->PLUS go0', {
        stdout_capture_maxbytes: '1KB',
        command: `/bin/sh -c 'for i in 0 1 2 3 4; do printf "<!--XSUPERVISOR:BEGIN-->$i<!--XSUPERVISOR:END-->"; done; exec sleep 100000'`,
        autostart: false,
      }),
  );
  await supd.state('l', 'RUNNING');
  await supd.says('l', 'READY');
  await supd.told('start', 'p');
  await supd.logs('ERRO pool l event buffer overflowed, discarding event 2');
  touch(supd, 'go');
  await hears(supd, 'l', /\n4$/);
  t.same(
    toldTo(supd, 'l').map(({ payload }) => payload.at(-1)),
    ['0', '3', '4'],
  );
});

test('what a process writes between the tags is told and not logged, the rest is logged to the last byte', async (t) => {
  const text = 'a<!--XSUPERVISOR:BEGIN-->größe<!--XSUPERVISOR:END-->b<!--';
  const supd = await startSupd(
    t,
    listener('l', 'listens ok', 'PROCESS_COMMUNICATION', { event_length: 'bytes' }) +
      program('p', `says ${text} go`, {
        stdout_capture_maxbytes: '1KB',
        startsecs: 0,
      }),
  );
  await supd.state('l', 'RUNNING');
  const { pid } = await supd.state('p', 'RUNNING');
  const watched: unknown[] = [];
  const abort = new AbortController();
  const watching = (async () => {
    for await (const one of supd.client.watchEvents({}, { signal: abort.signal }))
      if (one.kind === 'event' && one.event.type.startsWith('PROCESS_COMM')) watched.push(one.event.details);
  })().catch(() => {});
  await supd.told('status');
  touch(supd, 'go');
  const told = await hears(supd, 'l', `processname:p groupname:p pid:${pid}\ngröße`);
  t.match(told.header, /eventname:PROCESS_COMMUNICATION_STDOUT len:\d+$/);
  await supd.state('p', 'EXITED');
  t.equal(supd.read('p.out'), 'ab<!--');
  await until('watchers to see it too', () => watched.length > 0);
  t.same(watched, [{ data: 'größe', pid: String(pid) }]);
  abort.abort();
  await watching;
});

test('output is told as it is written where that is asked for, also without a log', async (t) => {
  const supd = await startSupd(
    t,
    listener('l', 'listens ok', 'PROCESS_LOG') +
      program('p', 'prints-both', {
        stdout_events_enabled: true,
        stdout_logfile: 'NONE',
        stderr_events_enabled: true,
        autostart: false,
      }),
  );
  await supd.state('l', 'RUNNING');
  await supd.says('l', 'READY');
  await supd.told('start', 'p');
  const out = await hears(supd, 'l', /channel:stdout\n/);
  const err = await hears(supd, 'l', /channel:stderr\n/);
  t.match(out, {
    type: 'PROCESS_LOG_STDOUT',
    payload: /^processname:p groupname:p pid:\d+ channel:stdout\n./,
  });
  t.match(err, { type: 'PROCESS_LOG_STDERR' });
});

test('an event larger than a pipe arrives whole', async (t) => {
  const COUNT = 300_000;
  const supd = await startSupd(
    t,
    listener('l', 'listens ok', 'PROCESS_COMMUNICATION', { stderr_logfile_maxbytes: 0 }) +
      program('p', '', {
        command: `/bin/sh -c 'printf "<!--XSUPERVISOR:BEGIN-->"; head -c ${COUNT} /dev/zero | tr "\\\\0" x; printf "<!--XSUPERVISOR:END-->"; exec sleep 100000'`,
        stdout_capture_maxbytes: '1MB',
      }),
  );
  const told = await hears(supd, 'l', new RegExp(`\\nx{${COUNT}}$`));
  t.equal(told.type, 'PROCESS_COMMUNICATION_STDOUT');
});

test('listeners see a shutdown to its end: they stop last, when they have read', async (t) => {
  const supd = await startSupd(
    t,
    listener('l', 'listens ok', 'PROCESS_STATE,SUPERVISOR_STATE_CHANGE', { buffer_size: 50 }) +
      program('p', 'waits'),
  );
  const { pid } = await supd.state('p', 'RUNNING');
  await supd.state('l', 'RUNNING');
  t.match(await supd.ended('SIGTERM'), { code: 0 });
  const told = toldTo(supd, 'l').map(({ type, payload }) => `${type} ${payload}`);
  const from = told.indexOf('SUPERVISOR_STATE_CHANGE_STOPPING ');
  t.same(told.slice(from, from + 3), [
    'SUPERVISOR_STATE_CHANGE_STOPPING ',
    `PROCESS_STATE_STOPPING processname:p groupname:p from_state:RUNNING pid:${pid}`,
    `PROCESS_STATE_STOPPED processname:p groupname:p from_state:STOPPING pid:${pid}`,
  ]);
  t.ok(from > 0);
  const log = supd.read('supd.log');
  t.ok(log.indexOf('stopped: l ') > log.indexOf('stopped: p '));
});

test('a tick comes when the wall clock enters its slice, to a pool that was added later too', async (t) => {
  const supd = await startSupd(t, program('p', 'waits'));
  await supd.state('p', 'RUNNING');
  supd.configure(program('p', 'waits') + listener('l', 'listens ok', 'TICK'));
  t.match(await supd.told('update'), { stdout: 'l: added process group\n' });
  const { type, payload } = await hears(supd, 'l', /^when:/);
  const when = Number(payload.slice(5));
  t.match(type, /^TICK_/);
  t.equal(when % 5, 0);
  t.ok(Math.abs(Date.now() / 1000 - when) < 5 + 30);
});

test('the pool is asked in the order of its processes, and each event goes to one of them', async (t) => {
  const supd = await startSupd(
    t,
    listener('l', 'listens late', 'PROCESS_STATE_EXITED', {
      numprocs: 2,
      process_name: 'l%(process_num)d',
      stdout_logfile: '%(here)s/l%(process_num)d.out',
      stderr_logfile: '%(here)s/l%(process_num)d.err',
    }) +
      program('p', 'says x one') +
      program('q', 'says x two'),
  );
  for (const name of ['l:l0', 'l:l1']) await supd.state(name, 'RUNNING');
  for (const name of ['l0', 'l1']) await supd.says(name, 'READY');
  touch(supd, 'one');
  await hears(supd, 'l0', /processname:p/);
  touch(supd, 'two');
  await hears(supd, 'l1', /processname:q/);
  t.equal(toldTo(supd, 'l0').length, 1);
  touch(supd, 'go');
});

test('what supd itself writes for a listener is read from a pipe that nobody else had', async (t) => {
  const supd = await startSupd(
    t,
    listener('l', 'listens deaf', 'PROCESS_STATE_RUNNING') + program('p', 'waits'),
  );
  await supd.state('p', 'RUNNING');
  await supd.says('l', 'READY');
  supd.configure(listener('l', 'listens ok', 'PROCESS_STATE_RUNNING') + program('p', 'waits'));
  await supd.told('update');
  await supd.state('l', 'RUNNING');
  await supd.told('restart', 'p');
  const { pid } = await supd.state('p', 'RUNNING');
  await hears(supd, 'l', new RegExp(`processname:p .*pid:${pid}$`));
  const serials = toldTo(supd, 'l').map(({ serial }) => serial);
  t.equal(new Set(serials).size, serials.length);
  t.notMatch(readFileSync(path.join(supd.dir, 'supd.log'), 'utf8'), /UNKNOWN/);
});

test('a listener that closed its standard input is passed over', async (t) => {
  const supd = await startSupd(
    t,
    listener('l', 'listens shut%(process_num)d', 'PROCESS_STATE_EXITED', {
      numprocs: 2,
      process_name: 'l%(process_num)d',
      stdout_logfile: '%(here)s/l%(process_num)d.out',
      stderr_logfile: '%(here)s/l%(process_num)d.err',
    }) + program('p', 'says x go'),
  );
  for (const name of ['l:l0', 'l:l1']) await supd.state(name, 'RUNNING');
  for (const name of ['l0', 'l1']) await supd.says(name, 'READY');
  touch(supd, 'go');
  await hears(supd, 'l1', /processname:p/);
});

test('with compat=strict captured text makes PROCESS_LOG events, as with supervisord', async (t) => {
  const text = 'a<!--XSUPERVISOR:BEGIN-->b<!--XSUPERVISOR:END-->c';
  const config =
    listener('l', 'listens ok', 'PROCESS_LOG,PROCESS_COMMUNICATION', { buffer_size: 20 }) +
    program('p', `says ${text} go`, { stdout_capture_maxbytes: '1KB', stdout_events_enabled: true });
  for (const [compat, told] of [
    ['supd', ['a', 'b', 'c']],
    ['strict', ['a', 'b', 'b', 'c']],
  ] as const) {
    const supd = await startSupd(t, config, { daemon: { compat } });
    await supd.state('l', 'RUNNING');
    touch(supd, 'go');
    await hears(supd, 'l', /\nc$/);
    t.same(
      toldTo(supd, 'l').map(({ payload }) => payload.at(-1)),
      told,
      compat,
    );
    await supd.ended('SIGTERM');
  }
});

test('a client of XML-RPC sends an event of its own', async (t) => {
  const supd = await startSupd(
    t,
    listener('l', 'listens ok', 'REMOTE_COMMUNICATION') +
      section('unix_http_server', { file: '%(here)s/http.sock' }) +
      section('rpcinterface:supervisor', {
        'supervisor.rpcinterface_factory': 'supervisor.rpcinterface:make_main_rpcinterface',
      }),
  );
  await supd.state('l', 'RUNNING');
  const body =
    '<?xml version="1.0"?><methodCall><methodName>supervisor.sendRemoteCommEvent</methodName><params>' +
    '<param><value><string>news</string></value></param><param><value><string>it rains\n</string></value></param>' +
    '</params></methodCall>';
  const answer = await new Promise<string>((resolve, reject) => {
    const to = { socketPath: path.join(supd.dir, 'http.sock'), path: '/RPC2', method: 'POST' };
    const request = http.request(to, (response) => {
      let text = '';
      response.on('data', (bytes) => {
        text += bytes;
      });
      response.on('end', () => resolve(text));
    });
    request.on('error', reject).setHeader('Content-Type', 'text/xml');
    request.end(body);
  });
  t.match(answer, '<boolean>1</boolean>');
  t.match(await hears(supd, 'l', 'type:news\nit rains\n'), { type: 'REMOTE_COMMUNICATION' });
});
