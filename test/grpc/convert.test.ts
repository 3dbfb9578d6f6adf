import fc from 'fast-check';
import { test } from 'tap';
import type { ProcessView } from '../../src/api/api.js';
import { type supd, v1 } from '../../src/grpc/contract.js';
import * as names from '../../src/grpc/convert/names.js';
import { processFromWire, processToWire } from '../../src/grpc/convert/processes.js';
import { timeFromWire, timeToWire } from '../../src/grpc/convert/time.js';
import { frame, Unframer } from '../../src/grpc/frames.js';
import { decodeRichStatus, encodeRichStatus } from '../../src/grpc/richstatus.js';

const text = fc.string({ unit: 'grapheme' });
const size = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const id = fc.integer({ min: 0, max: 2 ** 32 - 1 });

const view: fc.Arbitrary<ProcessView> = fc.record(
  {
    name: text,
    group: text,
    state: fc.constantFrom(
      'STOPPED',
      'STARTING',
      'RUNNING',
      'BACKOFF',
      'STOPPING',
      'EXITED',
      'FATAL',
      'UNKNOWN',
    ),
    description: text,
    pid: fc.nat(),
    uptimeMs: size,
    restarts: fc.nat(),
    exitStatus: fc.integer({ min: -1, max: 255 }),
    exitSignal: text,
    cpuPercent: fc.double({ min: 0, max: 1e6, noNaN: true }),
    memoryBytes: size,
    ready: fc.boolean(),
    health: text,
    waitingFor: fc.array(text),
    rolling: text,
    uid: id,
    gid: id,
    groups: fc.array(id),
    startTime: fc.integer({ min: 0, max: 4e12 }),
    stopTime: fc.integer({ min: 0, max: 4e12 }),
    spawnError: text,
    stdoutLogfile: text,
    stderrLogfile: text,
    logFailure: text,
  },
  {
    requiredKeys: [
      'name',
      'group',
      'state',
      'description',
      'pid',
      'uptimeMs',
      'restarts',
      'exitSignal',
      'ready',
      'health',
      'waitingFor',
      'rolling',
      'groups',
      'spawnError',
      'stdoutLogfile',
      'stderrLogfile',
      'logFailure',
    ],
    noNullPrototype: true,
  },
);

test('a process comes over the wire as it was', async (t) => {
  fc.assert(
    fc.property(view, (one) => {
      const bytes = v1.Process.encode(processToWire(one)).finish();
      t.strictSame(processFromWire(v1.Process.decode(bytes)), one);
    }),
    { numRuns: 50 },
  );
});

test('every number of an enum has one name, and a number not known yet has a careful one', async (t) => {
  const enums = [
    [names.processState, v1.ProcessState, 'UNKNOWN'],
    [names.resultCode, v1.ResultCode, 'FAILED'],
    [names.channel, v1.LogChannel, 'stdout'],
    [names.daemonState, v1.DaemonState, 'RUNNING'],
    [names.groupChange, v1.GroupChange, 'FAILED'],
    [names.outcome, v1.Outcome, 'failed'],
  ] as const;
  for (const [table, numbers, careful] of enums) {
    for (const [name, value] of Object.entries(numbers as unknown as Record<string, number>)) {
      if (value === 0) continue;
      const known = table.fromWire(value) as never;
      t.equal(table.toWire(known), value);
      t.ok(name.endsWith(String(known).toUpperCase()), `${name} is ${known}`);
    }
    t.equal(table.fromWire(999), careful);
    t.equal(table.fromWire(0), careful);
  }
});

test('times keep their milliseconds, before 1970 too', async (t) => {
  for (const time of [0, 1, 999, 1_700_000_000_123, -1, -1500]) t.equal(timeFromWire(timeToWire(time)), time);
  t.strictSame(timeToWire(-1), { seconds: -1, nanos: 999_000_000 });
  t.equal(timeToWire(undefined), undefined);
  t.equal(timeFromWire(null), undefined);
  const wire: supd.v1.DueTime.$Properties = { time: timeToWire(-1) };
  t.equal(timeFromWire(v1.DueTime.decode(v1.DueTime.encode(wire).finish()).time), -1);
});

test('messages are cut the same however they arrive', async (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 })),
      fc.array(fc.integer({ min: 1, max: 9 })),
      (sent, cuts) => {
        const bytes = Buffer.concat(sent.map(frame));
        const unframer = new Unframer(100);
        const got: Buffer[] = [];
        let at = 0;
        for (const cut of cuts) {
          got.push(...unframer.push(bytes.subarray(at, at + cut)));
          at += cut;
        }
        got.push(...unframer.push(bytes.subarray(at)));
        t.strictSame(
          got.map((one) => [...one]),
          sent.map((one) => [...one]),
        );
        t.notOk(unframer.torn);
      },
    ),
    { numRuns: 100 },
  );
  t.throws(() => new Unframer(100).push(frame(new Uint8Array(101))), { code: 'TOO_MUCH' });
  t.throws(() => new Unframer(100).push(Buffer.from([1, 0, 0, 0, 0])), { code: 'BROKEN' });
  const half = new Unframer(100);
  half.push(Buffer.from([0, 0, 0, 0, 9, 1]));
  t.ok(half.torn);
});

test('a rich status is read as it was written', async (t) => {
  const rich = {
    status: 3,
    message: 'bad',
    reason: 'BAD_CONFIG',
    domain: 'supd',
    field: '',
    descriptions: ['a', 'ü'],
  };
  t.strictSame(decodeRichStatus(encodeRichStatus(rich)), rich);
  const field = { ...rich, field: 'name', descriptions: [] };
  t.strictSame(decodeRichStatus(encodeRichStatus(field)), { ...field, descriptions: ['bad'] });
  t.strictSame(decodeRichStatus(encodeRichStatus({ ...rich, descriptions: [] })).descriptions, []);
  t.throws(() => decodeRichStatus(Buffer.from([0xff, 0xff])));
});
