import { CronExpressionParser } from 'cron-parser';
import fc from 'fast-check';
import { test } from 'tap';
import { clockChangeAt, nextRun } from '../../src/config/cron.js';
import { parseSchedule } from '../../src/config/schedule.js';

/** The times due after `from`, in UTC. */
function runs(schedule: string, zone: string, from: string, count: number): readonly string[] {
  const found: string[] = [];
  let at = Date.parse(from);
  while (found.length < count) {
    at = nextRun(schedule, at, zone);
    found.push(new Date(at).toISOString().replace(':00.000Z', 'Z'));
  }
  return found;
}

test('a nightly job runs at its local time, summer and winter', async (t) => {
  t.same(runs('0 3 * * *', 'Europe/Paris', '2026-03-27T12:00Z', 4), [
    '2026-03-28T02:00Z',
    '2026-03-29T01:00Z',
    '2026-03-30T01:00Z',
    '2026-03-31T01:00Z',
  ]);
});

test('last days count in a list, once each, and are refused where they would be passed over', async (t) => {
  t.same(runs('0 3 1-3,2,L,l * *', 'UTC', '2026-01-02T12:00Z', 3), [
    '2026-01-03T03:00Z',
    '2026-01-31T03:00Z',
    '2026-02-01T03:00Z',
  ]);
  t.same(runs('0 3 * * 1L,5L,1l', 'UTC', '2026-01-01T00:00Z', 2), ['2026-01-26T03:00Z', '2026-01-30T03:00Z']);
  t.match(parseSchedule('0 3 * * 1,5L'), {
    ok: false,
    why: /mixes last days of the month \(5L\) with others/,
  });
  t.match(parseSchedule('0 3 * * 5#3,1'), { ok: false, why: /"5#3" can't be part of a list/ });
});

test('a time that is due is not due again at the same instant', async (t) => {
  t.same(runs('0 3 * * *', 'UTC', '2026-01-01T03:00Z', 1), ['2026-01-02T03:00Z']);
  t.same(runs('0 3 * * *', 'UTC', '2026-01-01T02:59:59.999Z', 1), ['2026-01-01T03:00Z']);
});

test('a local time that the spring night skips is due right after the gap', async (t) => {
  t.same(runs('30 2 * * *', 'Europe/Paris', '2026-03-28T12:00Z', 2), [
    '2026-03-29T01:00Z',
    '2026-03-30T00:30Z',
  ]);
  t.same(runs('0 3 * * *', 'Europe/Helsinki', '2026-03-28T12:00Z', 2), [
    '2026-03-29T01:00Z',
    '2026-03-30T00:00Z',
  ]);
});

test('several times that fall into the gap are due once', async (t) => {
  t.same(runs('10,30,50 2 * * *', 'Europe/Paris', '2026-03-28T12:00Z', 2), [
    '2026-03-29T01:00Z',
    '2026-03-30T00:10Z',
  ]);
});

test('a local time that the autumn night has twice is due the first time only', async (t) => {
  t.same(runs('30 2 * * *', 'Europe/Paris', '2026-10-24T12:00Z', 2), [
    '2026-10-25T00:30Z',
    '2026-10-26T01:30Z',
  ]);
  t.same(runs('0 3 * * *', 'Europe/Helsinki', '2026-10-24T12:00Z', 2), [
    '2026-10-25T00:00Z',
    '2026-10-26T01:00Z',
  ]);
});

test('asked within the second of the two hours, it is due the next day', async (t) => {
  t.same(runs('30 2 * * *', 'Europe/Paris', '2026-10-25T01:10Z', 1), ['2026-10-26T01:30Z']);
  t.same(runs('* 2 * * *', 'Europe/Paris', '2026-10-25T01:10Z', 1), ['2026-10-26T01:00Z']);
  t.same(runs('15 3 * * *', 'Europe/Paris', '2026-10-25T01:10Z', 1), ['2026-10-25T02:15Z']);
});

test('every half hour stays every half hour through both changes of the clock', async (t) => {
  t.same(runs('*/30 * * * *', 'Europe/Paris', '2026-03-29T00:00Z', 3), [
    '2026-03-29T00:30Z',
    '2026-03-29T01:00Z',
    '2026-03-29T01:30Z',
  ]);
  t.same(runs('*/30 * * * *', 'Europe/Paris', '2026-10-25T00:00Z', 4), [
    '2026-10-25T00:30Z',
    '2026-10-25T01:00Z',
    '2026-10-25T01:30Z',
    '2026-10-25T02:00Z',
  ]);
});

test('seconds, last days, weekdays by number and by name', async (t) => {
  t.same(runs('15 0 3 * * *', 'UTC', '2026-01-01T00:00Z', 1), ['2026-01-01T03:00:15.000Z']);
  t.same(runs('0 3 L * *', 'UTC', '2026-02-01T00:00Z', 1), ['2026-02-28T03:00Z']);
  t.same(runs('0 3 * * 5L', 'UTC', '2026-02-01T00:00Z', 1), ['2026-02-27T03:00Z']);
  t.same(runs('0 3 * * 7', 'UTC', '2026-02-02T00:00Z', 1), ['2026-02-08T03:00Z']);
  t.same(runs('0 3 * * sun', 'UTC', '2026-02-02T00:00Z', 1), ['2026-02-08T03:00Z']);
  t.same(runs('@daily', 'UTC', '2026-02-02T00:00Z', 1), ['2026-02-03T00:00Z']);
});

test('a rare date is found, however far', async (t) => {
  t.same(runs('0 3 29 2 *', 'Europe/Paris', '2026-01-01T00:00Z', 1), ['2028-02-29T02:00Z']);
});

const clocks = new Map<string, Intl.DateTimeFormat>();

/** By the clock on the wall, told by Intl alone. */
function isDue(instant: number, zone: string, hour: number | undefined, minute: number): boolean {
  const format =
    clocks.get(zone) ??
    new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
  clocks.set(zone, format);
  const [h, m] = format.format(instant).split(':').map(Number);
  return m === minute && (hour === undefined || h === hour);
}

const zones = [
  'Europe/Paris',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kolkata',
  'America/Santiago',
  'UTC',
];

test('outside of nights of change a run is due exactly when the wall shows its time', async (t) => {
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.option(fc.integer({ min: 4, max: 22 }), { nil: undefined }),
      fc.integer({ min: 0, max: 59 }),
      fc.integer({ min: Date.UTC(2025, 0), max: Date.UTC(2027, 0) }),
      (zone, hour, minute, after) => {
        const due = nextRun(`${minute} ${hour ?? '*'} * * *`, after, zone);
        if (!isDue(due, zone, hour, minute)) return false;
        for (let at = Math.floor(after / 60_000 + 1) * 60_000; at < due; at += 60_000) {
          if (isDue(at, zone, hour, minute)) return false;
        }
        return due > after;
      },
    ),
    { numRuns: 40 },
  );
  t.pass('held for all');
});

const number = fc.integer({ min: 0, max: 61 }).map(String);
const item = fc.oneof(
  number,
  fc.constantFrom(
    '*',
    '?',
    'L',
    '5L',
    '5#3',
    'mon',
    'jan',
    '15W',
    'L-3',
    'H',
    '*/5',
    '1-5',
    '5-1',
    '*/0',
    '2/3',
    '1-9/2',
    'fri-sat',
  ),
);
const field = fc.array(item, { minLength: 1, maxLength: 5 }).map((items) => items.join(','));
const schedule = fc.array(field, { minLength: 4, maxLength: 7 }).map((fields) => fields.join(' '));

/** A list that a field from `min` to `max` takes, with `more` of its own. */
const listOf = (min: number, max: number, ...more: string[]) =>
  fc
    .array(
      fc.oneof(
        fc.integer({ min, max }).map(String),
        fc.constantFrom('*', '*/2', `${min}-${min + 4}`, `${min + 1}/3`, `${min}-${max}/2`, ...more),
      ),
      { minLength: 1, maxLength: 4 },
    )
    .map((items) => items.join(','));
const rightLists = fc
  .tuple(
    listOf(0, 59),
    listOf(0, 23),
    listOf(1, 31, 'L', 'l', '?'),
    listOf(1, 12, 'jan', 'mar-jun'),
    listOf(0, 7, '5L', '0l', '5#3', 'fri', 'mon-wed'),
  )
  .map((fields) => fields.join(' '));

test('a list with * in it is *', async (t) => {
  const after = Date.UTC(2026, 0, 1, 5, 0, 30);
  t.equal(nextRun('* 0,* * * *', after, 'UTC'), Date.UTC(2026, 0, 1, 5, 1));
  t.equal(nextRun('*,0 3 * * mon,*', after, 'UTC'), Date.UTC(2026, 0, 2, 3, 0));
  t.equal(
    nextRun('0 3 * * 1-5,2/3', after, 'UTC'),
    Date.UTC(2026, 0, 2, 3, 0),
    'nor may a list repeat itself',
  );
});

test('what is accepted has a next time, and no text makes the check throw', async (t) => {
  fc.assert(
    fc.property(fc.oneof(schedule, rightLists, fc.string()), (text) => {
      const read = parseSchedule(text);
      if (!read.ok) return read.why.length > 10;
      CronExpressionParser.parse(read.schedule.expression, { tz: 'UTC' });
      return nextRun(text, Date.UTC(2026, 0), 'UTC') > Date.UTC(2026, 0);
    }),
    { numRuns: 1000 },
  );
  t.pass('held for all');
});

test('what is refused says the place and what is right', async (t) => {
  const why = (text: string) => {
    const read = parseSchedule(text);
    return read.ok ? 'accepted' : read.why;
  };
  t.equal(why('61 * * * *'), 'minute "61" is not allowed; right is 0 to 59, *, lists, ranges and /steps');
  t.match(why('* * 15W * *'), /^day of month "15W": W \(nearest working day\) is not supported/);
  t.match(why('* * LW * *'), /^day of month "LW": W/);
  t.match(why('* * L-3 * *'), /^day of month "L-3": only L itself/);
  t.match(why('H 3 * * *'), /^minute "H": H .* use jitter= instead/);
  t.match(why('@reboot'), /"@reboot" is no time/);
  t.match(why('@dayly'), /did you mean @daily\?/);
  t.match(why('TZ=Europe/Paris 0 3 * * *'), /give timezone= its own line/);
  t.match(why('0 3 * *'), /has 4 fields; right are five/);
  t.match(why(''), /has 0 fields/);
  t.match(why('0 3 31 2 *'), /never falls due: no such month has a day 31/);
  t.match(why('0 3 31 4,6 *'), /never falls due/);
  t.match(why('0 22-4 * * *'), /^hour "22-4" runs backwards; write 22-23,0-4/);
  t.match(why('3:00'), /^"3:00" has 1 field; right are five/);
  t.match(why('"0 3 * * *"'), /: leave the quotes out$/);
  t.match(why('1,2,,3 * * * *'), /^minute has an empty place in its list; right is 0 to 59/);
  t.match(why('0 3 * foo *'), /^month "foo" is not allowed; right is 1 to 12 or jan to dec/);
  t.equal(why('0 3 31 2 mon'), 'accepted', 'day or weekday: one of them suffices');
});

test('a time that a change of the clock skips or doubles is marked in the preview, and no other', async (t) => {
  const note = (schedule: string, at: string, zone: string) => clockChangeAt(schedule, Date.parse(at), zone);
  t.equal(
    note('30 2 * * *', '2026-03-29T01:00Z', 'Europe/Paris'),
    '02:30 is skipped: the clock goes from 02:00 to 03:00',
  );
  t.equal(
    note('0 3 * * *', '2026-03-29T01:00Z', 'Europe/Paris'),
    undefined,
    'due at the end of the gap anyway',
  );
  t.equal(
    note('15 2 * * *', '2026-10-03T15:30Z', 'Australia/Lord_Howe'),
    '02:15 is skipped: the clock goes from 02:00 to 02:30',
  );
  t.equal(
    note('30 2 * * *', '2026-10-25T00:30Z', 'Europe/Paris'),
    '02:30 comes twice: only the first counts',
  );
  t.equal(note('0 3 * * *', '2026-10-25T02:00Z', 'Europe/Paris'), undefined);
  t.equal(note('30 * * * *', '2026-10-25T00:30Z', 'Europe/Paris'), undefined, 'goes by elapsed time');
  for (const zone of ['Europe/Paris', 'America/New_York', 'Asia/Kolkata', 'UTC']) {
    let at = Date.parse('2026-01-01T00:00Z');
    const notes: string[] = [];
    for (let day = 0; day < 365; day += 1) {
      at = nextRun('30 2 * * *', at, zone);
      notes.push(...[clockChangeAt('30 2 * * *', at, zone)].filter((one) => one !== undefined));
    }
    t.equal(
      notes.length,
      zone === 'Europe/Paris' ? 2 : zone === 'America/New_York' ? 1 : 0,
      `${zone} ${notes}`,
    );
  }
});
