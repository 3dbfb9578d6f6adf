import { test } from 'tap';
import type { Client, ProcessResult } from '../../src/grpc/client.js';
import { broken, call, endless, failing, Screen, stream } from './outside.js';
import { process, result, unknown } from './samples.js';

type Started = Partial<Pick<Client, 'startProcesses' | 'stopProcesses' | 'restartProcesses'>>;

function starting(...results: readonly ProcessResult[]): Started {
  return { startProcesses: () => stream(...results) };
}
function stopping(...results: readonly ProcessResult[]): Started {
  return { stopProcesses: () => stream(...results) };
}

test('each result has the words and the exit status of supervisorctl', async (t) => {
  const cases = [
    [starting(result('a', 'STARTED')), 'start', 'a: started\n', 0],
    [starting(result('p:p_0', 'STARTED')), 'start', 'p:p_0: started\n', 0],
    [starting(unknown('nope', 'NO_SUCH_PROCESS')), 'start', 'nope: ERROR (no such process)\n', 1],
    [starting(unknown('nope:x', 'NO_SUCH_PROCESS')), 'start', 'nope:x: ERROR (no such process)\n', 1],
    [starting(unknown('nope:*', 'NO_SUCH_GROUP')), 'start', 'nope: ERROR (no such group)\n', 2],
    [starting(result('nope', 'NO_SUCH_GROUP')), 'start', 'nope: ERROR (no such group)\n', 2],
    [starting(result('a', 'ALREADY_STARTED')), 'start', 'a: ERROR (already started)\n', 0],
    [starting(result('a', 'NO_FILE')), 'start', 'a: ERROR (no such file)\n', 1],
    [starting(result('a', 'NOT_EXECUTABLE')), 'start', 'a: ERROR (file is not executable)\n', 1],
    [starting(result('a', 'SPAWN_ERROR')), 'start', 'a: ERROR (spawn error)\n', 7],
    [starting(result('a', 'ABNORMAL_TERMINATION')), 'start', 'a: ERROR (abnormal termination)\n', 7],
    [starting(result('a', 'FAILED', 'EPERM')), 'start', 'a: ERROR (EPERM)\n', 1],
    [stopping(result('a', 'STOPPED')), 'stop', 'a: stopped\n', 0],
    [stopping(result('a', 'NOT_RUNNING')), 'stop', 'a: ERROR (not running)\n', 0],
    [stopping(unknown('nope', 'NO_SUCH_PROCESS')), 'stop', 'nope: ERROR (no such process)\n', 1],
    [stopping(unknown('nope:*', 'NO_SUCH_GROUP')), 'stop', 'nope: ERROR (no such group)\n', 1],
  ] as const;
  for (const [client, verb, out, exit] of cases) {
    const called = await call(client, [verb, 'a']);
    t.strictSame([called.out, called.exit], [out, exit], out);
  }
});

test('the last failure is the exit status, a success after it resets nothing', async (t) => {
  const client = starting(
    unknown('no', 'NO_SUCH_PROCESS'),
    result('b', 'SPAWN_ERROR'),
    result('a', 'STARTED'),
  );
  t.equal((await call(client, ['start', 'no', 'b', 'a'])).exit, 7);
});

test('why it could not be started is told on stderr, with what to look at', async (t) => {
  const client = starting(result('a', 'SPAWN_ERROR', "spawn error: can't find command 'foo'"));
  const { out, err } = await call(client, ['start', 'a']);
  t.equal(out, 'a: ERROR (spawn error)\n');
  t.equal(err, "supctl: a: can't find command 'foo'; see: supctl why a\n");
  const sure = starting(result('a', 'SPAWN_ERROR'));
  t.equal(
    (await call(sure, ['start', 'a'])).err,
    'supctl: a: see: supctl tail a stderr\n',
    'supervisord has no why',
  );
});

test('what a hint names works when it is pasted: it says of which daemon', async (t) => {
  const client = starting(result('a', 'SPAWN_ERROR', "spawn error: can't find command 'foo'"));
  const options = ['-c', "/it's here/supd.conf", '-u', 'me', '-p', 'secret'];
  const { err } = await call(client, [...options, 'start', 'a']);
  t.equal(
    err,
    `supctl: a: can't find command 'foo'; see: supctl -c '/it'\\''s here/supd.conf' -u me why a\n`,
  );
  const over = await call(client, ['-s', 'unix:///run/supd.sock', 'start', 'a']);
  t.match(over.err, /see: supctl -s unix:\/\/\/run\/supd.sock why a\n$/);
});

test('restart prints the stops, then the starts', async (t) => {
  const asked: unknown[] = [];
  const client: Started = {
    restartProcesses: (request) => {
      asked.push(request);
      return stream(
        result('a', 'STOPPED'),
        result('b', 'NOT_RUNNING'),
        result('a', 'STARTED'),
        result('b', 'STARTED'),
      );
    },
  };
  const { out, exit } = await call(client, ['restart', 'a', 'b', '--reason', 'new release']);
  t.equal(out, 'a: stopped\nb: ERROR (not running)\na: started\nb: started\n');
  t.equal(exit, 0);
  t.match(asked, [{ targets: ['a', 'b'], noWait: false, reason: 'new release' }]);
  t.equal(asked.length, 1);
});

test('groups, patterns and all go to the daemon as they are', async (t) => {
  let targets: readonly string[] = [];
  const client: Started = {
    stopProcesses: (request) => {
      targets = request.targets;
      return stream<ProcessResult>();
    },
  };
  await call(client, ['stop', 'g:*', 'all', 'instance*', 'h:']);
  t.strictSame(targets, ['g:*', 'all', 'instance*', 'h:']);
});

test('without a name each says so, with its help, and start has its own exit status', async (t) => {
  for (const [verb, exit] of [
    ['start', 2],
    ['stop', 1],
    ['restart', 1],
  ] as const) {
    const called = await call({}, [verb]);
    t.equal(called.exit, exit);
    t.match(called.out, new RegExp(`^Error: ${verb} requires a process name\n${verb} NAME`));
  }
});

test('--no-wait says what is begun, not what is done', async (t) => {
  const { out } = await call(starting(result('a', 'STARTED', 'starting')), ['start', '--no-wait', 'a']);
  t.equal(out, 'a: starting\n');
});

test('--json gives one object per line', async (t) => {
  const client = starting(result('p:p_0', 'STARTED'), unknown('nope', 'NO_SUCH_PROCESS'));
  const { out, exit } = await call(client, ['start', 'p:*', 'nope', '--json']);
  t.strictSame(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [
      { name: 'p_0', group: 'p', code: 'STARTED', message: '' },
      { name: 'nope', group: '', code: 'NO_SUCH_PROCESS', message: '' },
    ],
  );
  t.equal(exit, 1);
});

test('Ctrl-C ends the wait, says that the stop goes on, and exits 130', async (t) => {
  let interrupt = () => {};
  const client: Started = {
    stopProcesses: (_request, options) => {
      setImmediate(interrupt);
      return endless(options?.signal, result('a', 'STOPPED'));
    },
  };
  const called = await call(client, ['stop', 'a', 'b'], {
    onInterrupt: (act) => {
      interrupt = act;
      return () => {};
    },
  });
  t.equal(called.out, 'a: stopped\n');
  t.equal(called.err, 'supctl: no longer waiting; the stop of a, b goes on; see: supctl status\n');
  t.equal(called.exit, 130);
});

test('a person at a terminal sees what is waited for', async (t) => {
  const errors = new Screen(true);
  let stopped = () => {};
  const client: Partial<Client> = {
    stopProcesses: async function* () {
      await new Promise<void>((resolve) => {
        stopped = resolve;
      });
      yield result('a', 'STOPPED');
    },
    listProcesses: async () => {
      setImmediate(() => stopped());
      return { processes: [process('a', { state: 'STOPPING' }), process('b')], unknown: [] };
    },
  };
  await call(client, ['stop', 'a', 'b'], { errors });
  t.match(errors.text, 'stopping a STOPPING');
  t.notMatch(errors.text, 'b RUNNING');
  t.ok(errors.text.endsWith('\r\x1b[K'), 'nothing of it stays');
});

test('commands that need the daemon exit 7 without socket and 4 when it refuses', async (t) => {
  const missing = await call({ startProcesses: () => broken('NO_SOCKET') }, ['start', 'a']);
  t.strictSame([missing.out, missing.exit], ['unix:///run/supd.sock no such file\n', 7]);
  const refused = await call({ startProcesses: () => broken('REFUSED') }, ['start', 'a']);
  t.strictSame([refused.out, refused.exit], ['unix:///run/supd.sock refused connection\n', 4]);
  const closed = await call({ startProcesses: () => broken('NO_ACCESS') }, ['start', 'a']);
  t.strictSame([closed.out, closed.exit], ['unix:///run/supd.sock permission denied\n', 1]);
  const old = await call({ startProcesses: () => broken('UNSUPPORTED') }, ['start', 'a']);
  t.equal(old.exit, 3);
});

test('signal has the words and the exit statuses of supervisorctl', async (t) => {
  const signalled = (...results: readonly ProcessResult[]): Partial<Client> => ({
    signalProcesses: async () => results,
  });
  const cases = [
    [result('a', 'SIGNALLED'), 'a: signalled\n', 0],
    [result('a', 'BAD_SIGNAL'), 'a: ERROR (bad signal name)\n', 1],
    [result('a', 'NOT_RUNNING'), 'a: ERROR (not running)\n', 7],
    [unknown('a', 'NO_SUCH_PROCESS'), 'a: ERROR (no such process)\n', 1],
    [unknown('a:*', 'NO_SUCH_GROUP'), 'a: ERROR (no such group)\n', 1],
  ] as const;
  for (const [one, out, exit] of cases) {
    const called = await call(signalled(one), ['signal', 'HUP', 'a']);
    t.strictSame([called.out, called.exit], [out, exit], out);
  }
  for (const words of [['signal'], ['signal', 'HUP']]) {
    const called = await call({}, words);
    t.match(called.out, /^Error: signal requires a signal name and a process name\nsignal SIGNAL NAME/);
    t.equal(called.exit, 1);
  }
});

test('clear tells each log it has emptied', async (t) => {
  const client: Partial<Client> = {
    clearLogs: async () => [
      result('a', 'CLEARED'),
      result('b', 'FAILED', ''),
      unknown('no', 'NO_SUCH_PROCESS'),
    ],
  };
  const called = await call(client, ['clear', 'a', 'b', 'no']);
  t.equal(called.out, 'a: cleared\nb: ERROR (failed)\nno: ERROR (no such process)\n');
  t.equal(called.exit, 1);
  t.match((await call({}, ['clear'])).out, /^Error: clear requires a process name\n/);
});

test('the pid of the daemon, of processes, of all', async (t) => {
  const processes = [process('a', { pid: 7 }), process('b', { pid: 0, state: 'STOPPED' })];
  const client: Partial<Client> = {
    getDaemon: async () => ({
      version: '0.1.0',
      apiVersion: 'supd.v1',
      identifier: 'supervisor',
      pid: 42,
      state: 'RUNNING',
      startTime: 0,
      configuration: '/etc/supd.conf',
      logfile: '',
      conditions: [],
      memoryBytes: 0,
      upgrades: 0,
    }),
    listProcesses: async () => ({ processes, unknown: [] }),
    getProcess: async ({ name }) => {
      const found = processes.find((one) => one.name === name);
      return found ?? failing('BAD_NAME')();
    },
  };
  const outcome = async (...words: readonly string[]) => {
    const { out, exit } = await call(client, ['pid', ...words]);
    return [out, exit];
  };
  t.strictSame(await outcome(), ['42\n', 0]);
  t.strictSame(await outcome('a'), ['7\n', 0]);
  t.strictSame(await outcome('b'), ['0\n', 7]);
  t.strictSame(await outcome('nope', 'a'), ['No such process nope\n7\n', 1]);
  t.strictSame(await outcome('all'), ['7\n0\n', 0]);
  t.strictSame(await outcome('--json'), ['{\n  "pid": 42\n}\n', 0]);
  t.strictSame(JSON.parse(String((await outcome('a', '--json'))[0])), [{ name: 'a', group: 'a', pid: 7 }]);
  t.equal((await call(client, ['version'])).out, '0.1.0\n');
});
