/** SIGKILL of supd at each point of a running night: whatever died when, the night's outcome is right, recorded and told. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import tap, { type Test, test } from 'tap';
import { openHook, type Posted } from '../helpers/mailbox.js';
import { job, makePlace, type Place, section } from '../helpers/place.js';
import { isAlive, processesNaming } from '../helpers/proc.js';
import { type Supd, startIn } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

tap.setTimeout(3_600_000);

const HOUR = 3_600_000;
const isThorough = Number(process.env.SUPD_KILLS ?? 0) >= 200;
const hook = path.resolve(import.meta.dirname, '../../../test/fixtures/kill-at-record.cjs');
/** The second try of `send` goes well, `pack` never does: an undisturbed night is degraded. */
const STEPS = ['pack', 'save', 'check', 'send', 'logs'] as const;

interface Night {
  readonly place: Place;
  readonly posted: readonly Posted[];
}

/** A night that was due two hours ago, and starts as soon as supd does. */
async function makeNight(t: Test): Promise<Night> {
  const { posted, port } = await openHook(t);
  const due = new Date(Math.floor(Date.now() / HOUR) * HOUR - 2 * HOUR);
  const schedule = `0 ${due.getUTCHours()} * * *`;
  const step = (name: string, after: string) =>
    `sh -c 'echo $SUPD_RUN $SUPD_ATTEMPT >>%(here)s/ran.${name}; until test -e %(here)s/go.${name}; do sleep 0.02; done; echo $SUPD_ATTEMPT >>%(here)s/did.${name}; ${after}'`;
  const place = makePlace(
    t,
    job('pack', step('pack', 'exit 3'), { on_failure: 'degrade' }) +
      job('save', step('save', 'true'), { needs: '', lock: '%(here)s/lock' }) +
      job('check', step('check', 'true'), { needs: 'save', lock: '%(here)s/lock' }) +
      job('send', step('send', 'test $SUPD_ATTEMPT = 2 || exit 10'), {
        needs: 'check',
        retries: 1,
        retry_delay: 0,
        retry_exitcodes: 10,
      }) +
      job('logs', step('logs', 'true'), { needs: '' }) +
      section('job:night', {
        steps: STEPS.join(','),
        schedule,
        timezone: 'UTC',
        notify: 'hook',
      }) +
      section('notify:hook', { webhook: `http://127.0.0.1:${port}/` }),
  );
  mkdirSync(`${place.dir}/state/jobs`, { recursive: true });
  const last = { night: { due: due.getTime() - 24 * HOUR, schedule: `${schedule} UTC` } };
  writeFileSync(`${place.dir}/state/jobs/schedule.json`, JSON.stringify(last));
  return { place, posted };
}

/** Each step was begun once for each attempt, and its record says no more than it did. */
async function judge(t: Test, { place, posted }: Night, supd: Supd, what: string): Promise<string> {
  const run = await until(
    `${what}: the night to be over`,
    async () => {
      const [one] = await supd.client.listRuns({ job: 'night' });
      return one !== undefined && one.outcome !== 'running' && one;
    },
    60,
  );
  const runs = await supd.client.listRuns({ job: 'night' });
  t.equal(runs.length, 1, `${what}: one due time, one run`);
  t.equal(run.trigger, 'catchup', what);
  for (const { name, outcome, attempts, reason } of run.steps) {
    const ran = place.read(`ran.${name}`).trim().split('\n').filter(Boolean);
    const did = place.read(`did.${name}`).trim().split('\n').filter(Boolean);
    t.equal(new Set(ran).size, ran.length, `${what}: ${name} was never begun twice for one attempt`);
    t.ok(ran.length <= attempts, `${what}: ${name} was not begun unrecorded`);
    t.not(outcome, 'running', `${what}: ${name} is over`);
    if (outcome === 'ok')
      t.equal(did.at(-1), name === 'send' ? '2' : '1', `${what}: ${name} is ok and was done`);
    if (outcome === 'skipped') t.same(ran, [], `${what}: ${name} is skipped and was not begun`);
    if (outcome === 'failed' && name !== 'pack')
      t.match(reason, /supd|unknown/, `${what}: ${name} failed for no other reason`);
  }
  const bad = run.steps.filter(({ name, outcome }) => name !== 'pack' && outcome !== 'ok');
  t.equal(run.outcome, bad.length > 0 ? 'failed' : 'degraded', `${what}: ${run.reason}`);
  const told = await until(`${what}: it to be told`, () => posted.find(({ body }) => body.run === run.id));
  t.match(told.body, { event: run.outcome, name: 'night' }, what);
  return run.outcome;
}

/** Runs a night whose first supd dies at `when`; gives whether it did, and how the night went. */
async function killed(t: Test, when: number) {
  const night = await makeNight(t);
  const { place } = night;
  release(night, STEPS);
  const env = { NODE_OPTIONS: `--require=${hook}`, SUPD_TEST_KILL: String(when) };
  // It may die before it serves.
  const child = place.supd(['-n', '-c', place.conf], { env });
  child.stdout?.resume();
  child.stderr?.resume();
  const died = new Promise<boolean>((resolve) => child.once('exit', () => resolve(true)));
  const over = until('the night to be over', () => night.posted.length > 0, 60).then(
    () => false,
    () => false,
  );
  const isDead = await Promise.race([died, over]);
  if (!isDead) child.kill('SIGKILL');
  await died;
  const second = await startIn(t, place);
  const outcome = await judge(t, night, second, `killed at ${when}`);
  await second.ended('SIGTERM');
  t.same(processesNaming(place.dir).filter(isAlive), [], `killed at ${when}: nothing is left`);
  return { isDead, outcome };
}

test('killed after each record that it makes, and before', async (t) => {
  const outcomes: string[] = [];
  let at = 1;
  let isOver = false;
  const work = async () => {
    for (let mine = at++; !isOver; mine = at++) {
      // Between two records the first has its effects: both ends of that time count.
      for (const when of isThorough || mine % 2 === 0 ? [mine, -mine] : [mine]) {
        const { isDead, outcome } = await killed(t, when);
        outcomes.push(outcome);
        isOver ||= !isDead;
      }
    }
  };
  await Promise.all([work(), work(), work()]);
  const failed = outcomes.filter((outcome) => outcome === 'failed').length;
  t.comment(
    `${outcomes.length} deaths, ${failed} of the nights failed: a step ended while nobody was there to see how`,
  );
  t.ok(failed < outcomes.length, 'those at the begin and at the end do no harm');
});

/** Lets these steps go on to their ends. */
function release({ place }: Night, names: readonly string[]): void {
  for (const name of names) writeFileSync(`${place.dir}/go.${name}`, '');
}

for (const ends of ['while no supd is there', 'when the next supd is there'] as const) {
  test(`killed in each step, which ends ${ends}`, async (t) => {
    const one = async (name: string, at: number) => {
      const night = await makeNight(t);
      const { place } = night;
      release(night, STEPS.slice(0, at));
      const first = await startIn(t, place);
      await until(`${name} to begin`, () => place.read(`ran.${name}`));
      await first.ended('SIGKILL');
      if (ends === 'while no supd is there') {
        release(night, [name]);
        await until(`${name} to end`, () => place.read(`did.${name}`) && isIdle(place));
      }
      const second = await startIn(t, place);
      release(night, STEPS);
      await judge(t, night, second, `killed in ${name}`);
      await second.ended('SIGTERM');
    };
    await Promise.all(STEPS.map(one));
  });
}

/** No step's shell is left. */
function isIdle(place: Place): boolean {
  return processesNaming(`${place.dir}/ran`).filter(isAlive).length === 0;
}
