import fc from 'fast-check';
import { test } from 'tap';
import { NOTICE_WORDS, type Notice, type NoticeWord, type NotifySpec } from '../../src/core/notice.js';
import { noticeOfRun, noticeOfState } from '../../src/core/notice-of.js';
import { documentOf, subjectOf, textOf } from '../../src/core/notice-text.js';
import {
  type Message,
  type NoticeState,
  noticesDue,
  raise,
  unrecovered,
  wakeNotices,
} from '../../src/core/notices.js';
import { delivered, dueLetters, notDelivered, type Outbox, outboxDue, post } from '../../src/core/outbox.js';
import { command, HOUR, sequence, shellWith } from '../helpers/fake-job-shell.js';

const MINUTE = 60_000;

function section(name: string, patch: Partial<NotifySpec> = {}): NotifySpec {
  return { name, on: NOTICE_WORDS, everyMs: 0, command: 'cat', ...patch };
}

function notice(word: NoticeWord, patch: Partial<Notice> = {}): Notice {
  return { word, kind: 'job', name: 'nightly', time: 0, reason: 'x', look: 'job log nightly', ...patch };
}

/** Tells notices one after the other; gives `section word` or `section word x3` of what became due. */
class Teller {
  state: NoticeState = {};
  now = 0;
  readonly due: string[] = [];
  private readonly specs: readonly NotifySpec[];
  constructor(...specs: readonly NotifySpec[]) {
    this.specs = specs;
  }
  tell(word: NoticeWord, to?: readonly string[], patch: Partial<Notice> = {}): void {
    this.take(raise(this.state, notice(word, patch), to, this.specs, this.now));
  }
  pass(ms: number): void {
    this.now += ms;
    this.take(wakeNotices(this.state, this.specs, this.now));
  }
  private take({ state, messages }: { state: NoticeState; messages: readonly Message[] }): void {
    this.state = state;
    for (const {
      section: name,
      notice: { word },
      count,
    } of messages)
      this.due.push(`${name} ${word}${count > 1 ? ` x${count}` : ''}`);
  }
}

test('a section is told what its `on` names, of the jobs that name it and of every program', async (t) => {
  const teller = new Teller(section('ops', { on: ['failed', 'fatal'] }), section('boss', { on: ['fatal'] }));
  teller.tell('failed', ['ops']);
  teller.tell('failed', []);
  teller.tell('failed');
  teller.tell('degraded');
  teller.tell('fatal', undefined, { kind: 'program', name: 'zeo:zeo' });
  t.same(teller.due, ['ops failed', 'ops failed', 'ops fatal', 'boss fatal']);
});

test('one cause is told once in `every`; what came meanwhile is told when the time is over, with its count', async (t) => {
  const teller = new Teller(section('ops', { everyMs: HOUR }));
  teller.tell('failed');
  teller.tell('failed');
  teller.tell('failed');
  t.same(teller.due, ['ops failed']);
  t.equal(noticesDue(teller.state), HOUR);
  teller.pass(HOUR - 1);
  t.same(teller.due, ['ops failed']);
  teller.pass(1);
  t.same(teller.due, ['ops failed', 'ops failed x2']);
  t.equal(noticesDue(teller.state), undefined);
  teller.tell('degraded');
  t.same(teller.due.at(-1), 'ops degraded', 'another cause waits for nothing');
});

test('recovered is told once, and only after something that it can be recovered from', async (t) => {
  const teller = new Teller(section('ops'));
  teller.tell('recovered');
  teller.tell('failed');
  teller.tell('recovered');
  teller.tell('recovered');
  teller.tell('memory');
  teller.tell('recovered');
  t.same(teller.due, ['ops failed', 'ops recovered', 'ops memory']);
});

test('who does not want to hear of recoveries is told of the next failure all the same', async (t) => {
  const teller = new Teller(section('ops', { on: ['failed', 'overdue'] }));
  for (const word of ['overdue', 'recovered', 'overdue', 'failed', 'recovered'] as const) teller.tell(word);
  t.same(teller.due, ['ops overdue', 'ops overdue', 'ops failed']);
});

test('what failed and recovered inside `every` is not told of at all', async (t) => {
  const teller = new Teller(section('ops', { everyMs: HOUR }));
  for (const word of ['failed', 'recovered', 'failed', 'recovered'] as const) teller.tell(word);
  teller.pass(2 * HOUR);
  t.same(teller.due, ['ops failed', 'ops recovered']);
});

test('what failed again inside `every` and stays so is told when the time is over, and then recovers', async (t) => {
  const teller = new Teller(section('ops', { everyMs: HOUR }));
  for (const word of ['failed', 'recovered', 'failed'] as const) teller.tell(word);
  teller.pass(HOUR);
  teller.tell('recovered');
  t.same(teller.due, ['ops failed', 'ops recovered', 'ops failed', 'ops recovered']);
});

test('overdue is told once until it is over; degraded is done, after all', async (t) => {
  const teller = new Teller(section('ops'));
  teller.tell('overdue');
  teller.tell('overdue');
  teller.tell('degraded');
  teller.tell('overdue');
  t.same(teller.due, ['ops overdue', 'ops degraded', 'ops overdue']);
});

test('something of supd’s that does not work is told once until it is over, each by itself', async (t) => {
  const teller = new Teller(section('ops'), section('boss', { on: ['failed'] }));
  const of = (name: string) => ({ kind: 'daemon', name }) as const;
  teller.tell('condition', undefined, of('state'));
  teller.tell('condition', undefined, of('state'));
  teller.tell('condition', undefined, of('/var/log/a b'));
  t.same(unrecovered(teller.state, 'daemon', [section('ops')]), ['state', '/var/log/a b']);
  t.same(unrecovered(teller.state, 'job', [section('ops')]), []);
  t.same(unrecovered(teller.state, 'daemon', [section('boss')]), []);
  teller.tell('recovered', undefined, of('state'));
  t.same(unrecovered(teller.state, 'daemon', [section('ops')]), ['/var/log/a b']);
  teller.tell('condition', undefined, of('state'));
  t.same(teller.due, ['ops condition', 'ops condition', 'ops recovered', 'ops condition']);
});

test('of a condition the message says that it is supd’s, and what', async (t) => {
  const origin = { host: 'web1', identifier: 'supd', configuration: '/etc/supd/supd.conf' };
  const reason = '/var/log/a: cannot be written: ENOSPC';
  const told = notice('condition', { kind: 'daemon', name: '/var/log/a', reason, look: 'status' });
  const message = { section: 'ops', notice: told, count: 1 };
  t.equal(subjectOf(message, origin), `supd has a problem on web1: ${reason}`);
  t.match(
    textOf(message, origin),
    /^Of supd: \/var\/log\/a\nWhat: has a problem\nWhy: {2}\/var\/log\/a: cannot/,
  );
  t.match(documentOf(message, origin), { event: 'condition', kind: 'daemon', name: '/var/log/a' });
});

test('a clock that was set back holds nothing back', async (t) => {
  const teller = new Teller(section('ops', { everyMs: HOUR }));
  teller.now = 10 * HOUR;
  teller.tell('failed');
  teller.now = HOUR;
  teller.tell('failed');
  t.same(teller.due, ['ops failed', 'ops failed']);
});

test('whatever happens: never two of one cause within `every`, and the last failure is told or recovered from', async (t) => {
  const every = 10 * MINUTE;
  const happenings = fc.array(
    fc.tuple(fc.constantFrom<NoticeWord>('failed', 'degraded', 'recovered', 'overdue'), fc.nat(15)),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(happenings, (list) => {
      const teller = new Teller(section('ops', { everyMs: every }));
      const told: { word: string; at: number }[] = [];
      let seen = 0;
      let last = 'recovered';
      const look = () => {
        for (const text of teller.due.slice(seen))
          told.push({ word: text.split(' ')[1] ?? '', at: teller.now });
        seen = teller.due.length;
      };
      for (const [word, minutes] of list) {
        teller.tell(word);
        last = word === 'overdue' && last === 'overdue' ? last : word;
        look();
        for (let minute = 0; minute < minutes; minute += 1) {
          teller.pass(MINUTE);
          look();
        }
      }
      for (let minute = 0; minute <= 10; minute += 1) {
        teller.pass(MINUTE);
        look();
      }
      for (const word of ['failed', 'degraded', 'overdue']) {
        const times = told.filter((one) => one.word === word).map(({ at }) => at);
        for (const [at, time] of times.entries())
          if (at > 0 && time - (times[at - 1] ?? 0) < every) throw new Error(`${word} twice within every`);
      }
      // What was said last agrees with what is: trouble, or none.
      const said = told.at(-1)?.word ?? 'recovered';
      if ((said === 'recovered') !== (last === 'recovered')) throw new Error(`said ${said}, is ${last}`);
    }),
  );
  t.pass();
});

test('a failed night is told with the step, the reason, its last lines and where to look', async (t) => {
  const shell = shellWith([
    sequence('nightly', ['pack', 'backup', 'rsync']),
    command('pack'),
    command('backup'),
    command('rsync'),
  ]);
  shell.behaviours = { backup: [{ exit: { code: 1 }, output: 'one\n\u001b[31mNo space left\u001b[0m\n' }] };
  shell.dispatch({ type: 'request', job: 'nightly', id: 'n1' });
  shell.pass(HOUR);
  const told = noticeOfRun(shell.record('nightly'));
  t.match(told, { word: 'failed', name: 'nightly', run: 'n1', step: 'backup' });
  t.equal(told?.reason, '"backup" failed: exit status 1');
  t.equal(told?.look, 'job log nightly --run n1 --step backup');
  t.equal(told?.output, 'one\n[31mNo space left[0m');
  const origin = { host: 'web1', identifier: 'supd', configuration: '/etc/supd/supd.conf' };
  const message = { section: 'ops', notice: told!, count: 3 };
  t.equal(subjectOf(message, origin), "nightly failed on web1: 'backup' failed: exit status 1");
  const text = textOf(message, origin);
  for (const part of [
    'backup',
    'No space left',
    '3 times',
    'supctl -c /etc/supd/supd.conf job log nightly --run n1',
  ])
    t.ok(text.includes(part), part);
  t.match(documentOf(message, origin), { event: 'failed', step: 'backup', host: 'web1', count: 3 });
  t.notMatch(text, /Last good|tried/);
});

test('a step that was tried again is told with that, and with when it last went well', async (t) => {
  const shell = shellWith([
    sequence('nightly', ['backup', 'send']),
    command('backup'),
    command('send', { retries: 3, retryDelaysMs: [MINUTE] }),
  ]);
  shell.behaviours = { send: [{ exit: { code: 10 } }] };
  shell.dispatch({ type: 'request', job: 'nightly', id: 'n1' });
  shell.pass(HOUR);
  const run = shell.record('nightly');
  const good = { send: run.startTime - 24 * HOUR, nightly: run.startTime };
  const told = noticeOfRun(run, (job) => good[job as keyof typeof good]);
  t.match(told, { word: 'failed', step: 'send', attempts: 4, lastGood: good.send });
  const origin = { host: 'web1', identifier: 'supd', configuration: '/etc/supd/supd.conf' };
  const message = { section: 'ops', notice: told!, count: 1 };
  t.match(textOf(message, origin), /^Step: send, tried 4 times\nLast good: 2026-11-22T02:00:00Z$/m);
  t.match(documentOf(message, origin), { attempts: 4, lastGood: '2026-11-22T02:00:00Z' });
  const missed = { ...run, missed: true, outcome: 'skipped', steps: [] } as const;
  t.equal(noticeOfRun(missed, () => 5)?.lastGood, 5);
  t.equal(
    noticeOfRun(missed, () => run.startTime)?.lastGood,
    undefined,
    'this one is not the last before it',
  );
});

test('a single command is no step of itself; a run that nobody could make is missed', async (t) => {
  const shell = shellWith([command('nightly', { schedule: 'daily 3', catchupMs: 0 })]);
  shell.behaviours = { nightly: [{ exit: { code: 2 } }] };
  shell.dispatch({ type: 'request', job: 'nightly', id: 'n1' });
  shell.pass(MINUTE);
  t.equal(noticeOfRun(shell.record('nightly'))?.look, 'job log nightly --run n1');
  shell.wall += 5 * HOUR;
  shell.dispatch({ type: 'clockStepped' });
  const run = shell.record('nightly');
  t.match(noticeOfRun(run), {
    word: 'missed',
    reason: /^missed: the clock was set/,
    look: 'job runs nightly',
  });
  t.equal(noticeOfRun({ ...run, missed: undefined } as never)?.word, 'skipped');
});

test('of a program FATAL is told with its reason, and RUNNING is its recovery', async (t) => {
  const change = { from: 'BACKOFF', pid: 0, tries: 4 } as const;
  t.match(noticeOfState('zeo:zeo', { ...change, to: 'FATAL', why: 'gone' }, 5), {
    word: 'fatal',
    name: 'zeo:zeo',
    reason: 'gone',
    look: 'why zeo',
  });
  t.match(noticeOfState('zeo:zeo', { ...change, to: 'RUNNING', pid: 7 }, 5), {
    word: 'recovered',
    look: 'status zeo',
  });
  t.match(noticeOfState('zope:zeo', { ...change, to: 'FATAL' }, 5), { look: 'why zope:zeo' });
  t.equal(noticeOfState('zeo:zeo', { ...change, to: 'EXITED' }, 5), undefined);
});

test('a letter is tried again after growing pauses, and given up in the end', async (t) => {
  const message = { section: 'ops', notice: notice('failed'), count: 1 };
  let { outbox }: { outbox: Outbox } = post([], message, ['mail', 'webhook'], 0);
  t.same(
    dueLetters(outbox, 0).map(({ channel }) => channel),
    ['mail', 'webhook'],
  );
  outbox = delivered(outbox, 2);
  const pauses: number[] = [];
  for (let now = 0; outbox.length > 0; now = outboxDue(outbox) ?? now) {
    const [letter] = dueLetters(outbox, now);
    const tried = notDelivered(outbox, letter?.id ?? 0, now);
    if (tried.waits) pauses.push(tried.waits.due - now);
    outbox = tried.outbox;
    t.same(dueLetters(outbox, now), [], 'not at once again');
  }
  t.ok(
    pauses.length > 5 && pauses.every((pause, at) => at === 0 || pause >= (pauses[at - 1] ?? 0)),
    `${pauses}`,
  );
});

test('no more letters wait than there is room for; the oldest go, and that is told', async (t) => {
  let outbox: Outbox = [];
  let dropped = 0;
  for (let at = 0; at < 250; at += 1) {
    const posted = post(outbox, { section: `s${at}`, notice: notice('failed'), count: 1 }, ['mail'], at);
    outbox = posted.outbox;
    dropped += posted.dropped.length;
  }
  t.equal(outbox.length + dropped, 250);
  t.equal(outbox.length, 200);
  t.equal(outbox.at(-1)?.message.section, 's249');
  t.equal(new Set(outbox.map(({ id }) => id)).size, 200);
});

test('a clock that was set back makes no letter wait longer than its pause', async (t) => {
  const message = { section: 'ops', notice: notice('failed'), count: 1 };
  const posted = post([], message, ['mail'], 100 * HOUR);
  const { outbox } = notDelivered(posted.outbox, 1, 100 * HOUR);
  t.equal(dueLetters(outbox, HOUR).length, 1);
});
