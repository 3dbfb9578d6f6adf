import { test } from 'tap';
import { describeProcess, formatUptime } from '../../src/api/describe.js';
import type { Process } from '../../src/core/world.js';
import { processSpec } from '../helpers/specs.js';

const now = { mono: 100_000, wall: Date.UTC(2026, 10, 23, 5, 4, 28) };
const base: Process = { spec: processSpec('x'), groupPriority: 999, state: { name: 'STOPPED' }, restarts: 0 };
const started = { mono: 95_000, wall: now.wall - 5000 };

test('uptimes read as supervisord writes them', async (t) => {
  t.equal(formatUptime(5000), '0:00:05');
  t.equal(formatUptime(3_723_999), '1:02:03');
  t.equal(formatUptime(86_400_000 + 7_384_000), '1 day, 2:03:04');
  t.equal(formatUptime(864_000_000), '10 days, 0:00:00');
});

test('each state has its sentence', async (t) => {
  const of = (more: Partial<Process>) => describeProcess({ ...base, ...more }, now);
  t.equal(of({ started, state: { name: 'RUNNING', pid: 123, since: 96_000 } }), 'pid 123, uptime 0:00:05');
  t.equal(of({}), 'Not started');
  t.match(of({ started, stopped: now.wall }), /^Nov 2[234] \d\d:04 [AP]M$/);
  t.equal(
    of({ state: { name: 'FATAL', why: 'x' }, spawnError: "can't find command 'x'" }),
    "can't find command 'x'",
  );
  t.equal(of({ state: { name: 'FATAL', why: 'x' } }), 'unknown error (try "tail x")');
  t.equal(of({ state: { name: 'STOPPING', pid: 1, next: 'stay', deadline: 0 } }), '');
});
