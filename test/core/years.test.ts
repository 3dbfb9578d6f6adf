/** Three years of schedules by the real cron, with clocks that are set, downtime and restarts. */
import { test } from 'tap';
import { nextRun } from '../../src/config/cron.js';
import { command, DAY, FakeJobShell, HOUR } from '../helpers/fake-job-shell.js';

const FROM = Date.UTC(2026, 0, 1, 12);
const ZONES = [
  'Europe/Paris',
  'Europe/Helsinki',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kolkata',
  'UTC',
];
const MINUTE = 60_000;

function startAt(shell: FakeJobShell, schedule: string, timezone: string): void {
  shell.next = nextRun;
  const spec = command('j', { schedule, timezone });
  shell.dispatch({ type: 'configured', specs: [spec], lastDue: { ...shell.lastDue } });
}

/** Another supd on what this one left on disk, `down` later. */
function restart(shell: FakeJobShell, schedule: string, timezone: string, down: number): FakeJobShell {
  const next = new FakeJobShell();
  next.wall = shell.wall + down;
  Object.assign(next.lastDue, shell.lastDue);
  for (const [id, record] of shell.records) next.records.set(id, record);
  startAt(next, schedule, timezone);
  return next;
}

/** The numbers of a linear congruential generator, for the same troubles in each run of the test. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % sides;
  };
}

/** Of all due times after `from` up to `to`, those of which nothing is on record. */
function unaccounted(
  shell: FakeJobShell,
  schedule: string,
  zone: string,
  from: number,
  to: number,
): readonly string[] {
  const done = new Set<number>();
  const spans: [number, number][] = [];
  for (const { outcome, dueTime, reason = '', missed } of shell.records.values()) {
    if (outcome !== 'skipped') done.add(dueTime);
    if (missed !== true) continue;
    const [, side, stamp = ''] = /like all (since|before) (\S+):/.exec(reason) ?? [];
    const other = Date.parse(stamp);
    if (side === 'since') spans.push([other, dueTime]);
    else if (side === 'before') spans.push([dueTime, other - 1]);
    else spans.push([dueTime, dueTime]);
  }
  const lost: string[] = [];
  for (let due = nextRun(schedule, from, zone); due <= to; due = nextRun(schedule, due, zone)) {
    if (!done.has(due) && !spans.some(([low, high]) => due >= low && due <= high))
      lost.push(new Date(due).toISOString());
  }
  return lost;
}

for (const zone of ZONES) {
  test(`never twice, never silently not: ${zone}`, async (t) => {
    for (const [at, schedule] of [
      '0 3 * * *',
      '30 2 * * *',
      '45 23 L * *',
      '0 0 29 2 *',
      '30 1 31 * *',
    ].entries()) {
      const roll = dice(at * 7 + zone.length);
      let shell = new FakeJobShell();
      shell.wall = FROM;
      startAt(shell, schedule, zone);
      const started: number[] = [];
      let seen = 0;
      const look = () => {
        for (const entry of shell.trace.slice(seen))
          if ('effect' in entry && entry.effect.type === 'runStarted') started.push(entry.effect.run.dueTime);
        seen = shell.trace.length;
      };
      let latest = FROM;
      while (shell.wall < FROM + 3 * 365 * DAY) {
        shell.pass((1 + roll(20)) * DAY + roll(24) * HOUR + roll(60) * MINUTE);
        latest = Math.max(latest, shell.wall);
        look();
        const trouble = roll(4);
        if (trouble < 2) {
          shell.wall += trouble === 0 ? 2 * HOUR : -2 * HOUR;
          shell.dispatch({ type: 'clockStepped' });
        } else {
          shell = restart(shell, schedule, zone, trouble === 2 ? roll(3) * HOUR : roll(60) * HOUR);
          seen = 0;
        }
        look();
      }
      shell.pass(3 * HOUR);
      look();
      t.equal(new Set(started).size, started.length, `${schedule}: no due time twice`);
      t.same(
        unaccounted(shell, schedule, zone, FROM, Math.min(latest, shell.wall)),
        [],
        `${schedule}: each is on record`,
      );
    }
  });
}

test('every quarter of an hour stays that through the nights of change, whatever happens to the clock', async (t) => {
  const schedule = '*/15 * * * *';
  for (const [zone, day] of [
    ['Europe/Paris', '2026-03-28T12:00Z'],
    ['Europe/Paris', '2026-10-24T12:00Z'],
    ['America/New_York', '2027-03-13T12:00Z'],
    ['America/New_York', '2027-11-06T12:00Z'],
    ['Australia/Lord_Howe', '2028-04-01T00:00Z'],
    ['Asia/Kolkata', '2028-02-28T12:00Z'],
  ] as const) {
    let shell = new FakeJobShell();
    shell.wall = Date.parse(day);
    startAt(shell, schedule, zone);
    shell.pass(DAY);
    t.equal(shell.effects('runStarted').length, 96, `${zone} ${day}`);
    shell.wall -= 2 * HOUR;
    shell.dispatch({ type: 'clockStepped' });
    shell.pass(2 * HOUR);
    t.equal(shell.effects('runStarted').length, 96, 'not again what was done');
    shell = restart(shell, schedule, zone, 5 * HOUR);
    shell.pass(HOUR);
    t.same(unaccounted(shell, schedule, zone, Date.parse(day), shell.wall), []);
  }
});
