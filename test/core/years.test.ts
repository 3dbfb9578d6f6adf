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
const QUARTER = 15 * MINUTE;

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

/** Of these due times, those of which nothing is on record. */
function unaccounted(shell: FakeJobShell, dues: Iterable<number>): readonly string[] {
  const done = new Set<number>();
  const spans: [number, number][] = [];
  for (const { dueTime, reason = '', missed } of shell.records.values()) {
    if (missed !== true) {
      done.add(dueTime);
      continue;
    }
    const [, side, stamp = ''] = /like all (since|before) (\S+):/.exec(reason) ?? [];
    const other = Date.parse(stamp);
    if (side === 'since') spans.push([other, dueTime]);
    else if (side === 'before') spans.push([dueTime, other - 1]);
    else spans.push([dueTime, dueTime]);
  }
  const lost: string[] = [];
  for (const due of dues) {
    if (!done.has(due) && !spans.some(([low, high]) => due >= low && due <= high))
      lost.push(new Date(due).toISOString());
  }
  return lost;
}

/** All due times after `from` up to `to`, by the cron that is tested elsewhere. */
function* duesOf(schedule: string, zone: string, from: number, to: number): Generator<number> {
  for (let due = nextRun(schedule, from, zone); due <= to; due = nextRun(schedule, due, zone)) yield due;
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
        unaccounted(shell, duesOf(schedule, zone, FROM, Math.min(latest, shell.wall))),
        [],
        `${schedule}: each is on record`,
      );
    }
  });
}

/** Every full quarter of an hour after `from` up to `to`: no clock here is off by another amount. */
function* quarters(from: number, to: number): Generator<number> {
  for (let at = (Math.floor(from / QUARTER) + 1) * QUARTER; at <= to; at += QUARTER) yield at;
}

/** Noon before each change of the zone's clock in the three years; without any, before days like others. */
function eves(zone: string): readonly number[] {
  const format = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' });
  const offset = (at: number) => format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value;
  const days = Array.from({ length: 3 * 365 }, (_, day) => FROM + day * DAY);
  const found = days.filter((day) => offset(day) !== offset(day + DAY));
  return found.length > 0
    ? found
    : ['2026-03-28', '2027-12-31', '2028-02-28'].map((day) => Date.parse(day) + 12 * HOUR);
}

for (const zone of ZONES) {
  test(`every quarter of an hour stays that through all changes of the clock: ${zone}`, async (t) => {
    const schedule = '*/15 * * * *';
    const roll = dice(zone.length);
    const nights = eves(zone);
    t.equal(nights.length, zone === 'UTC' || zone === 'Asia/Kolkata' ? 3 : 6);
    let shell = new FakeJobShell();
    shell.wall = FROM;
    startAt(shell, schedule, zone);
    const started: number[] = [];
    for (const eve of nights) {
      // Down for months, back half a day before the change.
      shell = restart(shell, schedule, zone, eve - shell.wall);
      shell.pass(DAY);
      const here = shell.effects('runStarted').filter(({ run }) => run.trigger === 'schedule');
      t.equal(here.length, 96, new Date(eve).toISOString());
      const trouble = roll(3);
      if (trouble < 2) {
        shell.wall += trouble === 0 ? 2 * HOUR : -2 * HOUR;
        shell.dispatch({ type: 'clockStepped' });
        shell.pass(3 * HOUR);
      }
      started.push(...shell.effects('runStarted').map(({ run }) => run.dueTime));
    }
    t.equal(new Set(started).size, started.length, 'no due time twice');
    t.same(unaccounted(shell, quarters(FROM, shell.wall)), [], 'each is on record');
  });
}
