/** What supervisord takes, supd takes, and a child gets the same words, environment and directory from both. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import tap, { type Test, test } from 'tap';
import { makePlace } from '../helpers/place.js';
import { requireStack } from '../helpers/require.js';
import { until } from '../helpers/until.js';
import { ODD, type Odd } from './odd.js';

tap.jobs = 4;
tap.setTimeout(600_000);

interface Told {
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
}

const DAEMONS = { supervisord: '/usr/bin/supervisord', supd: path.resolve('bin/supd') };

/** What each process of the case tells under this daemon, its directory called DIR. */
async function play(t: Test, odd: Odd, daemon: string): Promise<Readonly<Record<string, Told>>> {
  const { dir } = makePlace(t, '');
  const tell = `%(ENV_TELL)s/bin/tells-itself %(ENV_TELL)s/told.%(program_name)s.%(process_num)d`;
  for (const [name, text] of Object.entries({ conf: odd.text, ...odd.beside })) {
    mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
    writeFileSync(path.join(dir, name), text.replaceAll('TELL', tell));
  }
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: dir,
    TELL: dir,
    ODD: 'odd one',
    UID_OF_TEST: String(process.getuid?.()),
    LANG: 'C.UTF-8',
  };
  const child = spawn(daemon, ['-n', '-c', path.join(dir, 'conf')], {
    cwd: dir,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collect(child);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  t.teardown(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  const told: Record<string, Told> = {};
  for (const name of odd.processes) {
    const [program = '', number = '0'] = /^(.*?)_(\d+)$/.exec(name)?.slice(1) ?? [name];
    const file = `${dir}/told.${program}.${Number(number)}`;
    await until(`${name} to tell`, () => {
      if (child.exitCode !== null) throw new Error(`the daemon has ended: ${output()}`);
      return existsSync(file);
    });
    const { environment, ...rest } = JSON.parse(readFileSync(file, 'utf8').replaceAll(dir, 'DIR')) as Told;
    // By which supd knows its own after its death.
    const { SUPD_INSTANCE: _, ...compared } = environment;
    told[name] = { ...rest, environment: compared };
  }
  return told;
}

function collect(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
  return () => text;
}

for (const odd of ODD) {
  test(`${odd.name}: a child gets from supd what it gets from supervisord`, async (t) => {
    if (!requireStack(t, ['supervisord', 'python3'])) return;
    const theirs = await play(t, odd, DAEMONS.supervisord);
    const ours = await play(t, odd, DAEMONS.supd);
    for (const name of odd.processes) {
      t.strictSame(ours[name], theirs[name], name);
    }
  });
}
