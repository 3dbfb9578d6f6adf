/** Commands that look: health, wait, top, completion. */
import { PassThrough } from 'node:stream';
import { test } from 'tap';
import type { ProcessView } from '../../src/grpc/client.js';
import { call, Screen } from './outside.js';
import { process } from './samples.js';

const up = (name: string, more: Partial<ProcessView> = {}): ProcessView => ({
  ...process(name),
  state: 'RUNNING',
  pid: 7,
  ready: true,
  ...more,
});

test('health: who serves, and 1 when one does not', async (t) => {
  const listHealth = async () =>
    [
      { service: '', status: 'SERVING' },
      { service: 'a', status: 'SERVING' },
      { service: 'g:b', status: 'NOT_SERVING' },
    ] as const;
  const listProcesses = async () => ({
    processes: [up('a'), up('b', { group: 'g', state: 'FATAL', pid: 0, description: 'spawn error' })],
    unknown: [],
  });
  const methods = { listHealth, listProcesses };
  t.match(await call(methods, ['health']), {
    exit: 1,
    out: /^supd +SERVING\na +SERVING +RUNNING.*\ng:b +NOT_SERVING +FATAL +spawn error\n$/,
  });
  t.match(await call(methods, ['health', 'a']), { exit: 0, out: /^a +SERVING/ });
  t.match(await call(methods, ['health', 'g:*']), { exit: 1, out: /^g:b/ });
  t.match(await call(methods, ['health', 'x']), { exit: 1, out: '', err: /x: ERROR \(no such process\)/ });
  t.match(JSON.parse((await call(methods, ['health', '--json'])).out), [
    { service: '', status: 'SERVING', state: null },
    { service: 'a', ready: true },
    { service: 'g:b', state: 'FATAL' },
  ]);
});

test('wait: until it is so far, or never will be, or the time is up', async (t) => {
  const seen = (...states: readonly Partial<ProcessView>[]) => {
    const left = [...states];
    return {
      listProcesses: async () => ({
        processes: [up('a', left.length > 1 ? left.shift() : left[0])],
        unknown: [],
      }),
    };
  };
  const starting = { state: 'STARTING', ready: false } as const;
  const notReady = { state: 'RUNNING', ready: false } as const;
  t.match(await call(seen(starting, notReady, {}), ['wait', 'a']), { exit: 0, out: '' });
  t.match(await call(seen(starting, notReady), ['wait', 'a', '--for', 'running']), { exit: 0 });
  t.match(
    await call(seen(starting, { state: 'FATAL', ready: false, description: 'spawn error' }), ['wait', 'a']),
    {
      exit: 1,
      out: 'a: FATAL (spawn error)\n',
    },
  );
  t.match(
    await call(seen({}, { state: 'EXITED', ready: false, pid: 0 }), ['wait', 'a', '--for', 'stopped']),
    { exit: 0 },
  );
  t.match(await call(seen(starting), ['wait', 'a', '--timeout', '0']), { exit: 75, out: /^a: STARTING/ });
  t.match(await call({}, ['wait', 'a', '--for', 'lunch']), {
    exit: 1,
    out: /expected ready, running or stopped/,
  });
  t.match(await call({}, ['wait']), { exit: 1, out: /requires a process name/ });
});

const busy = {
  listProcesses: async () => ({
    processes: [
      up('small', { cpuPercent: 1, memoryBytes: 3 << 20, uptimeMs: 1000 }),
      up('big', { cpuPercent: 50.25, memoryBytes: 2 << 20, uptimeMs: 2000 }),
      up('down', { state: 'STOPPED', pid: 0 }),
    ],
    unknown: [],
  }),
};

test('top on no terminal is a plain table, by what is asked for', async (t) => {
  const { out, exit } = await call(busy, ['top']);
  t.equal(exit, 0);
  t.match(
    out,
    /^3 processes, 2 running: 51\.\d % of a processor, 5\.0 MB of memory; by cpu\nNAME +STATE +PID +CPU % /,
  );
  const names = (text: string) =>
    text
      .split('\n')
      .slice(2, 5)
      .map((line) => line.split(' ')[0]);
  t.same(names(out), ['big', 'small', 'down']);
  t.same(names((await call(busy, ['top', '--once', '--sort', 'memory'])).out), ['small', 'big', 'down']);
  t.same(names((await call(busy, ['top', '--sort', 'name'])).out), ['big', 'down', 'small']);
  t.notMatch(out, '\x1b');
  t.match(JSON.parse((await call(busy, ['top', '--json'])).out), [{ name: 'big' }, {}, {}]);
  t.match(await call(busy, ['top', '--sort', 'taste']), { exit: 1, out: /expected cpu, memory, uptime/ });
});

test('top on a terminal draws anew at a key, and leaves the screen as it was at q', async (t) => {
  const output = new Screen(true);
  const typed = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} });
  const done = call(busy, ['top'], { output, input: () => typed });
  typed.write('m');
  typed.write('q');
  t.equal((await done).exit, 0);
  t.ok(output.text.startsWith('\x1b[?1049h'));
  t.ok(output.text.endsWith('\x1b[?1049l'));
  t.match(output.text, /by memory/);
});

test('completion offers commands, flags and names, and scripts for three shells', async (t) => {
  const offered = async (line: string) =>
    (await call(busy, ['completion', '--for', line])).out.split('\n').filter(Boolean);
  t.same(await offered('reload-'), ['reload-program']);
  t.same(await offered('pl'), ['plan']);
  t.same(await offered('why sm'), ['small']);
  t.ok((await offered('why ')).includes('--deaths'));
  t.same(await offered('completion b'), ['bash']);
  t.ok((await offered('job ')).includes('run'));
  for (const shell of ['bash', 'zsh', 'fish'])
    t.match(await call({}, ['completion', shell]), { exit: 0, out: /completion --for/ });
  t.match(await call({}, ['completion', 'csh']), { exit: 1, out: /requires one of bash, zsh, fish/ });
});
