/** The real supd, called by Python's xmlrpc.client: every method, its types, its waiting; and logs that are followed. */
import { appendFileSync, existsSync, statSync } from 'node:fs';
import tap, { type Test, test } from 'tap';
import { program, section } from '../helpers/place.js';
import { requireStack } from '../helpers/require.js';
import { type Start, type Supd, startSupd } from '../helpers/start-supd.js';
import { type Call, follow, startPython } from './python.js';

tap.jobs = 4;
tap.setTimeout(180_000);

const SERVER = section('unix_http_server', { file: '%(here)s/s.sock' });
const RPC = section('rpcinterface:supervisor', {
  'supervisor.rpcinterface_factory': 'supervisor.rpcinterface:make_main_rpcinterface',
});

async function served(t: Test, text: string, start: Start = {}): Promise<{ supd: Supd; call: Call }> {
  const supd = await startSupd(t, SERVER + RPC + text, start);
  return { supd, call: startPython(t, `unix://${supd.dir}/s.sock`) };
}

test('every method has its answer, in the types that supervisord gives', async (t) => {
  if (!requireStack(t, ['python3'])) return;
  const { supd, call } = await served(
    t,
    program('up', 'waits') +
      program('down', 'waits', { autostart: false }) +
      program('reads', 'reads-stdin', { autostart: false }) +
      program('one', 'waits') +
      section('group:g', { programs: 'one', priority: 5 }),
  );
  for (const name of ['up', 'g:one']) await supd.state(name, 'RUNNING');
  const rest = new Set((await call('system.listMethods')).value as string[]);
  const gives = async (method: string, params: unknown[], value: unknown) => {
    const full = method.includes('.') ? method : `supervisor.${method}`;
    rest.delete(full);
    const answer = await call(full, ...params);
    t.match(answer, { value }, `${method} ${JSON.stringify(params)}`);
    return answer;
  };
  rest.delete('system.listMethods');
  await gives('system.methodHelp', ['supervisor.getPID'], /process id/);
  await gives('system.methodSignature', ['supervisor.startProcess'], ['boolean', 'string', 'boolean']);
  await gives('system.multicall', [[{ methodName: 'supervisor.getPID', params: [] }]], [supd.pid]);
  await gives('getAPIVersion', [], '3.0');
  await gives('getVersion', [], '3.0');
  await gives('getSupervisorVersion', [], /^4\.2\.5\+supd\.\d/);
  await gives('getIdentification', [], 'supervisor');
  await gives('getState', [], { statecode: 1, statename: 'RUNNING' });
  await gives('getPID', [], supd.pid);

  const known = await gives('getProcessInfo', ['g:one'], {
    name: 'one',
    group: 'g',
    state: 20,
    statename: 'RUNNING',
    stop: 0,
    exitstatus: 0,
    spawnerr: '',
    logfile: `${supd.dir}/one.out`,
    stdout_logfile: `${supd.dir}/one.out`,
    stderr_logfile: `${supd.dir}/one.err`,
    description: /^pid \d+, uptime 0:00:\d\d$/,
  });
  const types = {
    name: 'str',
    group: 'str',
    start: 'int',
    stop: 'int',
    now: 'int',
    state: 'int',
    statename: 'str',
    spawnerr: 'str',
    exitstatus: 'int',
    logfile: 'str',
    stdout_logfile: 'str',
    stderr_logfile: 'str',
    pid: 'int',
    description: 'str',
  };
  t.same(known.shape, types, 'these fields and no others');
  const all = await gives(
    'getAllProcessInfo',
    [],
    [{ name: 'down' }, { name: 'one' }, { name: 'reads' }, { name: 'up' }],
  );
  t.same(all.shape, [types, types, types, types]);
  const configured = await gives(
    'getAllConfigInfo',
    [],
    [
      { name: 'down', autostart: false, inuse: true, group_prio: 999, directory: 'none', uid: 'none' },
      {
        name: 'one',
        group: 'g',
        group_prio: 5,
        process_prio: 999,
        exitcodes: [0],
        stopsignal: 15,
        startsecs: 0,
      },
      {},
      { stdout_logfile: `${supd.dir}/up.out`, stdout_logfile_maxbytes: 52428800, serverurl: 'none' },
    ],
  );
  t.same(
    Object.entries((configured.shape as Record<string, unknown>[])[0] ?? {}).sort(),
    [
      ['autostart', 'bool'],
      ['command', 'str'],
      ['directory', 'str'],
      ['exitcodes', ['int']],
      ['group', 'str'],
      ['group_prio', 'int'],
      ['inuse', 'bool'],
      ['killasgroup', 'bool'],
      ['name', 'str'],
      ['process_prio', 'int'],
      ['redirect_stderr', 'bool'],
      ['serverurl', 'str'],
      ['startretries', 'int'],
      ['startsecs', 'int'],
      ...['stderr', 'stdout'].flatMap((channel) => [
        [`${channel}_capture_maxbytes`, 'int'],
        [`${channel}_events_enabled`, 'bool'],
        [`${channel}_logfile`, 'str'],
        [`${channel}_logfile_backups`, 'int'],
        [`${channel}_logfile_maxbytes`, 'int'],
        [`${channel}_syslog`, 'bool'],
      ]),
      ['stopsignal', 'int'],
      ['stopwaitsecs', 'int'],
      ['uid', 'str'],
    ].sort(),
  );

  const ok = (name: string, group = name) => ({ name, group, status: 80, description: 'OK' });
  await gives('startProcess', ['down'], true);
  await gives('stopProcess', ['down'], true);
  await gives('startProcessGroup', ['g'], []);
  await gives('stopProcessGroup', ['g'], [ok('one', 'g')]);
  await gives('startProcess', ['g:*'], [ok('one', 'g')]);
  await gives('startAllProcesses', [false], [ok('down'), ok('reads')]);
  await gives('signalProcess', ['up', 'CONT'], true);
  await gives('signalProcess', ['up', 18], true);
  await gives('signalProcessGroup', ['g', 'CONT'], [ok('one', 'g')]);
  await gives('signalAllProcesses', ['0'], [ok('one', 'g'), ok('down'), ok('reads'), ok('up')]);
  await gives('sendProcessStdin', ['reads', 'grüße\n'], true);
  await supd.says('reads', 'grüße');
  await gives('sendRemoteCommEvent', ['type', 'data'], true);

  const size = statSync(`${supd.dir}/reads.out`).size;
  const text = supd.read('reads.out');
  for (const name of ['readProcessStdoutLog', 'readProcessLog']) await gives(name, ['reads', 0, 0], text);
  for (const name of ['tailProcessStdoutLog', 'tailProcessLog'])
    await gives(name, ['reads', 0, 1000], [text, size, false]);
  await gives('readProcessStderrLog', ['reads', 0, 0], '');
  await gives('tailProcessStderrLog', ['reads', 0, 10], ['', 0, false]);
  for (const name of ['readLog', 'readMainLog']) await gives(name, [-30, 0], /\n$/);
  for (const name of ['clearProcessLogs', 'clearProcessLog']) await gives(name, ['reads'], true);
  t.equal(statSync(`${supd.dir}/reads.out`).size, 0);
  await gives('clearAllProcessLogs', [], [ok('one', 'g'), ok('down'), ok('reads'), ok('up')]);
  await gives('clearLog', [], true);

  await gives('stopAllProcesses', [], [{ status: 80 }, { status: 80 }, { status: 80 }, { status: 80 }]);
  await gives('removeProcessGroup', ['up'], true);
  await gives('reloadConfig', [], [[['up'], [], []]]);
  await gives('addProcessGroup', ['up'], true);
  await supd.state('up', 'RUNNING');
  await gives('restart', [], true);
  // The line of the first life was cleared above.
  await supd.logs(/started with pid \d+/);
  await supd.state('up', 'RUNNING');
  await gives('shutdown', [], true);
  t.match(await supd.ended(), { code: 0 });
  t.same([...rest], [], 'every method was called');
  t.notOk(existsSync(`${supd.dir}/s.sock`));
});

test('each fault comes with the code and text of supervisord', async (t) => {
  if (!requireStack(t, ['python3'])) return;
  const { supd, call } = await served(
    t,
    program('up', 'waits') +
      program('down', 'waits', { autostart: false }) +
      program('missing', '/no/such/file', { autostart: false }) +
      program('data', '%(here)s/supd.conf', { autostart: false }) +
      program('quick', 'exits-after 0 3', { autostart: false, startsecs: 5, startretries: 0 }) +
      program('nolog', 'waits', { autostart: false, stdout_logfile: '%(here)s/bin' }) +
      program('silent', 'waits', { stdout_logfile: 'NONE', autostart: false }),
  );
  await supd.state('up', 'RUNNING');
  for (const [fault, method, ...params] of [
    ['1 UNKNOWN_METHOD', 'nope'],
    ['2 INCORRECT_PARAMETERS', 'getPID', 1],
    ['3 BAD_ARGUMENTS', 'readLog', -5, 5],
    ['3 BAD_ARGUMENTS', 'readProcessStdoutLog', 'up', 0, -1],
    ['10 BAD_NAME: x', 'startProcess', 'x'],
    ['10 BAD_NAME: up:*', 'getProcessInfo', 'up:*'],
    ['10 BAD_NAME: x', 'stopProcessGroup', 'x'],
    ['10 BAD_NAME: x', 'addProcessGroup', 'x'],
    ['10 BAD_NAME: x', 'removeProcessGroup', 'x'],
    ['11 BAD_SIGNAL: FOO', 'signalProcess', 'up', 'FOO'],
    ['20 NO_FILE', 'readProcessStdoutLog', 'silent', 0, 0],
    [`20 NO_FILE: ${supd.dir}/down.out`, 'readProcessStdoutLog', 'down', 0, 0],
    ["20 NO_FILE: can't find command '/no/such/file'", 'startProcess', 'missing'],
    [`21 NOT_EXECUTABLE: command at '${supd.dir}/supd.conf' is not executable`, 'startProcess', 'data'],
    ['50 SPAWN_ERROR: quick', 'startProcess', 'quick'],
    ['50 SPAWN_ERROR: nolog', 'startProcess', 'nolog', false],
    ['60 ALREADY_STARTED: up', 'startProcess', 'up'],
    ['70 NOT_RUNNING: down', 'stopProcess', 'down'],
    ['70 NOT_RUNNING: down', 'signalProcess', 'down', 'HUP'],
    ['70 NOT_RUNNING: down', 'sendProcessStdin', 'down', 'x'],
    ['90 ALREADY_ADDED: up', 'addProcessGroup', 'up'],
    ['91 STILL_RUNNING: up', 'removeProcessGroup', 'up'],
  ] as const) {
    const answer = await call(`supervisor.${method}`, ...params);
    t.equal(answer.fault?.join(' '), fault, `${method} ${params.join(' ')}`);
  }
  t.match(await call('supervisor.getProcessInfo', 'quick'), {
    value: { exitstatus: 0, spawnerr: 'Exited too quickly (process log may have details)' },
  });
  t.match(await call('supervisor.getProcessInfo', 'nolog'), {
    value: {
      stop: 0,
      exitstatus: 0,
      pid: 0,
      spawnerr: "unknown error making dispatchers for 'nolog': EISDIR",
    },
  });
  supd.configure(`${SERVER}${RPC}[program:broken]\n`);
  for (const method of ['reloadConfig', 'restart'])
    t.match(await call(`supervisor.${method}`), { fault: [92, /^CANT_REREAD: .*command/] });
  t.ok((await supd.state('up', 'RUNNING')).pid > 0);
});

test('an unexpected exit is told as supervisord tells it', async (t) => {
  if (!requireStack(t, ['python3'])) return;
  const { supd, call } = await served(t, program('ends', 'exits-after 0 3', { autorestart: false }));
  await supd.state('ends', 'EXITED');
  t.match(await call('supervisor.getProcessInfo', 'ends'), {
    value: { state: 100, exitstatus: 3, spawnerr: 'Bad exit code 3', pid: 0 },
  });
});

test('a start answers when the process runs, and 40 when it is stopped before', async (t) => {
  if (!requireStack(t, ['python3'])) return;
  const { supd, call } = await served(t, program('slow', 'waits', { autostart: false, startsecs: 60 }));
  const other = startPython(t, `unix://${supd.dir}/s.sock`);
  const start = other('supervisor.startProcess', 'slow');
  await supd.state('slow', 'STARTING');
  t.same(await call('supervisor.stopProcess', 'slow'), { value: true, shape: 'bool' });
  t.same(await start, { fault: [40, 'ABNORMAL_TERMINATION: slow'] });
});

test('while supd shuts down only system.* has an answer', async (t) => {
  if (!requireStack(t, ['python3'])) return;
  const { supd, call } = await served(t, program('stays', 'ignores-sigterm', { stopwaitsecs: 5 }));
  await supd.says('stays', /./);
  t.match(await call('supervisor.shutdown'), { value: true });
  t.same(await call('supervisor.getState'), { fault: [6, 'SHUTDOWN_STATE'] });
  t.same(await call('supervisor.getProcessInfo', 'stays'), { fault: [6, 'SHUTDOWN_STATE'] });
  t.match(await call('system.listMethods'), { value: [/./] });
  t.match(await supd.ended(), { code: 0 });
});

test('a supd that has nothing to stop answers before it ends', async (t) => {
  if (!requireStack(t, ['python3'])) return;
  const { supd, call } = await served(t, '');
  t.same(await call('supervisor.shutdown'), { value: true, shape: 'bool' });
  t.match(await supd.ended(), { code: 0 });
});

test('without an [rpcinterface] section every method of supervisor is unknown', async (t) => {
  if (!requireStack(t, ['python3'])) return;
  const supd = await startSupd(t, SERVER);
  const call = startPython(t, `unix://${supd.dir}/s.sock`);
  t.same(await call('supervisor.getState'), { fault: [1, 'UNKNOWN_METHOD'] });
});

test('binary output, escape sequences and halves of characters can be read', async (t) => {
  if (!requireStack(t, ['python3'])) return;
  const { supd, call } = await served(t, program('up', 'waits'));
  await supd.state('up', 'RUNNING');
  await supd.says('up', /./);
  appendFileSync(`${supd.dir}/up.out`, Buffer.from('é\x1b[1m\0\r\n\xff', 'latin1'));
  t.match(await call('supervisor.readProcessStdoutLog', 'up', -9, 0), { value: '\ufffd␛[1m␀\r\n\ufffd' });
  t.match(await call('supervisor.tailProcessStdoutLog', 'up', 0, 3), { value: ['\r\n\ufffd', /\d+/, true] });
});

test('a followed log goes on over rotation and clearing', async (t) => {
  if (!requireStack(t, ['python3'])) return;
  const { supd, call } = await served(
    t,
    program('reads', 'reads-stdin', { stdout_logfile_maxbytes: 200, stdout_logfile_backups: 10 }),
  );
  await supd.state('reads', 'RUNNING');
  const say = (text: string) => call('supervisor.sendProcessStdin', 'reads', `${text}\n`);
  await say('first');
  await supd.says('reads', 'first');
  const log = await follow(t, `${supd.dir}/s.sock`, '/logtail/reads');
  t.equal(log.status, 200);
  await log.says('first');
  for (let i = 0; i < 20; i += 1) await say(`line ${i} ${'x'.repeat(30)}`);
  const numbers = [...(await log.says('line 19 ')).matchAll(/line (\d+) /g)].map(([, number]) =>
    Number(number),
  );
  t.same(
    numbers,
    Array.from({ length: 20 }, (_, i) => i),
  );
  t.ok(existsSync(`${supd.dir}/reads.out.1`), 'it was rotated');
  t.match(await call('supervisor.clearProcessLogs', 'reads'), { value: true });
  await say('after clearing');
  await log.says('after clearing');
  const main = await follow(t, `${supd.dir}/s.sock`, '/mainlogtail');
  await say('asked');
  await main.says('write to reads:reads asked for by uid');
});

test('a port with a password serves the same', async (t) => {
  if (!requireStack(t, ['python3'])) return;
  const { supd } = await served(t, program('up', 'waits'));
  // The configuration names the port: one that was free just now.
  const net = await import('node:net');
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as import('node:net').AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  supd.configure(
    `${section('inet_http_server', { port: `127.0.0.1:${port}`, username: 'u', password: 'p' })}${RPC}${program('up', 'waits')}`,
  );
  await supd.told('reload');
  await supd.logs(/started with pid \d+[\s\S]*started with pid/);
  const log = supd.read('supd.log');
  t.equal(log.match(/running without any HTTP authentication/g)?.length, 1, 'the first life only');
  t.same(await startPython(t, `http://u:wrong@127.0.0.1:${port}`)('supervisor.getPID'), { status: 401 });
  t.match(await startPython(t, `http://u:p@127.0.0.1:${port}`)('supervisor.getPID'), { value: supd.pid });
});

test('a place that is taken ends the start with status 2, and a reload goes on by the old one', async (t) => {
  const first = await startSupd(t, SERVER + RPC + program('up', 'waits'));
  const taken = section('unix_http_server', { file: `${first.dir}/s.sock` });
  const second = await startSupd(t, program('up', 'waits'));
  second.configure(taken + program('up', 'waits'));
  await second.told('reload');
  await second.logs(
    /could not serve by the new configuration: Another program is already listening on a port/,
  );
  await second.state('up', 'RUNNING');
  await second.ended('SIGTERM');
  for (const flags of [['-n'], []]) {
    const { status, stderr } = await second.run([...flags, '-c', second.conf]);
    t.equal(status, 2, `flags: ${flags.join(' ')}`);
    t.match(
      stderr,
      /^Error: Another program is already listening on a port that one of our HTTP servers is /m,
    );
    t.match(stderr, /\nFor help, use supd -h\n$/);
  }
});
