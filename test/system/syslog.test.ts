import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import tap, { type Test, test } from 'tap';
import { makePlace, type Options, type Place, program } from '../helpers/place.js';
import { requireStack } from '../helpers/require.js';
import { type Supd, startIn } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';
import { isRoot } from '../helpers/users.js';

tap.jobs = 4;
tap.setTimeout(180_000);

// An ordinary user is root in a user namespace of his own.
const FLAGS = isRoot ? '' : '--map-root-user';

interface Logged {
  readonly place: Place;
  start(): Promise<Supd>;
  /** Every message so far, as it was sent. */
  messages(): readonly string[];
}

/** A place whose supd has a /dev of its own, with a log receiver at /dev/log. */
async function logged(t: Test, text: string, daemon: Options = {}): Promise<Logged | undefined> {
  if (!requireStack(t, ['python3', 'unshare', 'mount'])) return undefined;
  const may = spawnSync('unshare', [
    '--mount',
    ...FLAGS.split(' ').filter(Boolean),
    '--',
    'mount',
    '--bind',
    '/dev/null',
    '/dev/null',
  ]);
  if (may.status !== 0) {
    t.plan(0, 'needs a mount namespace of its own');
    return undefined;
  }
  const place = makePlace(t, text, daemon);
  const dev = `${place.dir}/dev`;
  mkdirSync(dev);
  spawn(`${place.dir}/bin/receives-syslog`, [`${dev}/log`, `${place.dir}/syslog`], {
    stdio: 'ignore',
  }).unref();
  await until('the receiver', () => place.read('syslog') === 'receiving\n');
  return {
    place,
    start: () =>
      startIn(t, place, { as: [`${place.dir}/bin/with-own-dev`, dev], env: { OWN_DEV_FLAGS: FLAGS } }),
    messages: () => place.read('syslog').split('\n').slice(1, -1),
  };
}

/** Without the time. */
const bare = (message: string) => message.replace(/^(<\d+>)\w{3} [ \d]\d \d\d:\d\d:\d\d /, '$1');

const quiet = { stdout_logfile: 'NONE', stderr_logfile: 'NONE' };

test('each line of a program goes to syslog under its name, with and without a file', async (t) => {
  const log = await logged(
    t,
    program('both', 'prints-both', { stdout_syslog: true, stderr_syslog: true }) +
      program('none', 'prints-both', { ...quiet, stdout_syslog: true }) +
      program('old', 'prints-both', { stdout_logfile: 'syslog' }) +
      program('one', 'prints-both', { ...quiet, stdout_syslog: true, redirect_stderr: true }),
  );
  if (!log) return;
  const supd = await log.start();
  await until('six lines', () => log.messages().length >= 6);
  t.match(
    log.messages()[0],
    /^<14>(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:\d\d supervisord: /,
  );
  t.same(log.messages().map(bare).sort(), [
    '<14>supervisord: both to stderr',
    '<14>supervisord: both to stdout',
    '<14>supervisord: none to stdout',
    '<14>supervisord: old to stdout',
    '<14>supervisord: one to stderr',
    '<14>supervisord: one to stdout',
  ]);
  for (const name of ['stdout', 'stderr'] as const) {
    const file = `both.${name.slice(3)}`;
    await until(file, () => supd.read(file) === `to ${name}\n`);
  }
  t.equal((await supd.state('none', 'RUNNING')).stdoutLogfile, '');
});

test('a line waits in parts until it is whole, or the program ends; a very long one goes in pieces', async (t) => {
  const script = String.raw`printf 'be'; sleep 0.2; printf 'gun\nrest'; head -c 20000 /dev/zero | tr '\0' x; echo; printf end`;
  const log = await logged(
    t,
    program('p', `sh -c "${script.replaceAll('%', '%%')}"`, {
      ...quiet,
      stdout_syslog: true,
      autorestart: false,
    }),
  );
  if (!log) return;
  const supd = await log.start();
  await supd.state('p', 'EXITED');
  await until('its end', () => log.messages().some((message) => message.endsWith(' p end')));
  const [begun, ...long] = log.messages().map((message) => bare(message).replace('<14>supervisord: p ', ''));
  t.equal(begun, 'begun');
  t.equal(long.pop(), 'end');
  t.ok(long.length > 1 && long.every((piece) => Buffer.byteLength(piece) <= 8000));
  t.equal(long.join(''), `rest${'x'.repeat(20_000)}`);
});

test('clear works for a program with syslog, also without a file, and for all', async (t) => {
  const log = await logged(
    t,
    program('file', 'prints-both', { stdout_syslog: true }) +
      program('none', 'prints-both', { ...quiet, stdout_syslog: true, stderr_syslog: true }),
  );
  if (!log) return;
  const supd = await log.start();
  await supd.says('file', 'to stdout\n');
  t.match(await supd.told('clear', 'file', 'none'), { status: 0, stdout: 'file: cleared\nnone: cleared\n' });
  t.equal(supd.read('file.out'), '');
  t.match(await supd.told('clear', 'all'), { status: 0 });
});

test('a receiver that is not there costs its messages and nothing else', async (t) => {
  const log = await logged(t, program('p', 'prints-lines 5000', { stdout_syslog: true }));
  if (!log) return;
  execFileSync('rm', [`${log.place.dir}/dev/log`]);
  const supd = await log.start();
  await supd.says('p', 'line 000005000\n');
  await supd.state('p', 'RUNNING');
});

test('escape sequences are not for syslog either', async (t) => {
  const log = await logged(
    t,
    program('p', String.raw`sh -c "printf '\033[1mbold\033[0m\n'; exec sleep 1000"`, { stdout_syslog: true }),
    { strip_ansi: true },
  );
  if (!log) return;
  const supd = await log.start();
  await supd.says('p', 'bold\n');
  await until('it', () => log.messages().length > 0);
  t.equal(bare(log.messages()[0] ?? ''), '<14>supervisord: p bold');
});

test('logfile=syslog sends the main log there, as supervisord writes its lines, and makes no file', async (t) => {
  const log = await logged(t, program('p', 'ends-once', { autorestart: false }), { logfile: 'syslog' });
  if (!log) return;
  const supd = await log.start();
  const find = (text: RegExp) =>
    until(String(text), () =>
      log
        .messages()
        .map(bare)
        .find((message) => text.test(message)),
    );
  t.match(
    await find(/started with pid/),
    /^<14>supervisord: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} INFO supd started with pid \d+$/,
  );
  await find(/^<14>supervisord: .* INFO spawned: 'p' with pid \d+$/);
  t.match(await supd.told('maintail'), { status: 1 });
  t.equal(supd.read('syslog.log') + supd.read('supd.log'), '');
  await supd.ended('SIGTERM');
  await find(/^<12>supervisord: .* WARN received SIGTERM indicating exit request$/);
});
