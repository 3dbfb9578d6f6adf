/** Every configuration error of supervisord, at supervisord 4.2.5 itself and at supd. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import tap, { type Test, test } from 'tap';
import { type Answer, finish, makePlace } from '../helpers/place.js';
import { requireStack } from '../helpers/require.js';
import { BROKEN, type Broken } from './broken.js';

tap.setTimeout(600_000);

/** As many starts of supd as go at a time. */
const AT_ONCE = 2;
/** Stands for the status of a supd that served until it was ended. */
const TAKEN = -2;

const DAEMON = [
  'logfile=%(here)s/log',
  'pidfile=%(here)s/pid',
  'rundir=%(here)s/run',
  'statedir=%(here)s/state',
];

interface Marked {
  /** Without the mark. */
  readonly text: string;
  /** Of the marked line; 0: there is none. */
  readonly line: number;
  readonly section: string;
  readonly key: string;
}

function unmark(marked: string): Marked {
  const lines = marked.split('\n');
  const at = lines.findIndex((line) => line.startsWith('>'));
  const text = lines.map((line) => line.replace(/^>/, ''));
  const before = text.slice(0, at + 1);
  const section = before.findLast((line) => /^\[.*\]$/.test(line))?.slice(1, -1) ?? '';
  const key = /^(\w[\w.]*) ?[=:]/.exec(before.at(-1) ?? '')?.[1] ?? '';
  return { text: text.join('\n'), line: at + 1, section, key };
}

function mainFile(broken: Broken): string {
  return broken.file ?? `[supervisord]\n${DAEMON.join('\n')}\n${broken.conf ?? ''}`;
}

/** A directory with the case's files, and the words that start a daemon on them. */
function lay(dir: string, broken: Broken): { readonly cwd: string; readonly args: readonly string[] } {
  mkdirSync(dir, { recursive: true });
  for (const [file, text] of Object.entries({ conf: mainFile(broken), ...broken.beside })) {
    writeFileSync(path.join(dir, file), unmark(text).text);
  }
  return { cwd: dir, args: [...(broken.args ?? []), '-n', '-c', path.join(dir, 'conf')] };
}

/** At supervisord, all cases in one go. */
async function bySupervisord(t: Test, cases: readonly Broken[]): Promise<readonly Answer[]> {
  const { dir } = makePlace(t, '');
  const starts = cases.map((broken, index) => lay(`${dir}/${index}`, broken));
  const child = spawn(`${dir}/bin/runs-supervisord`, { env: { PATH: process.env.PATH ?? '', HOME: dir } });
  const { stdout, stderr } = await finish(child, JSON.stringify(starts));
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as readonly Answer[];
}

/** At supd; one that takes its configuration is ended as soon as it serves. */
async function bySupd(t: Test, cases: readonly Broken[]): Promise<readonly Answer[]> {
  const { dir } = makePlace(t, '');
  const answers: Answer[] = [];
  const queue = cases.entries();
  const work = async () => {
    for (const [index, broken] of queue) {
      const { cwd, args } = lay(`${dir}/${index}`, broken);
      const env = { PATH: process.env.PATH ?? '', HOME: dir };
      const child = spawn(path.resolve('bin/supd'), args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
      let serves = false;
      child.stdout.on('data', (text: Buffer) => {
        if (!text.includes('started with pid')) return;
        serves = true;
        child.kill('SIGTERM');
      });
      const answer = await finish(child);
      answers[index] = serves ? { ...answer, status: TAKEN } : answer;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return answers;
}

function compare(t: Test, broken: Broken, theirs: Answer, ours: Answer): void {
  t.equal(theirs.status, 2, `supervisord refuses it: ${theirs.stderr}`);
  t.match(theirs.stderr, /\nFor help, use .*supervisord -h\n$/);
  if (broken.taken !== undefined) return void t.equal(ours.status, TAKEN, `${broken.taken}: ${ours.stderr}`);
  t.equal(ours.status, 2, `supd refuses it; it said: ${ours.stderr}`);
  t.match(ours.stderr, /\nFor help, use .*supd -h\n$/);
  const file = broken.at ?? 'conf';
  const { line, section, key } = unmark(
    broken.at === undefined ? mainFile(broken) : (broken.beside?.[file] ?? ''),
  );
  if (line === 0) return;
  const place = `/${file}:${line}:${section === '' || broken.keyless ? '' : ` [${section}] ${key}:`}`;
  t.ok(ours.stderr.includes(place), `supd says where (${place}): ${ours.stderr}`);
}

for (const [about, cases] of Object.entries(BROKEN)) {
  test(`what is wrong with ${about} is refused as by supervisord, and said better`, async (t) => {
    if (!requireStack(t, ['supervisord'])) return;
    const [theirs, ours] = [await bySupervisord(t, cases), await bySupd(t, cases)];
    for (const [index, broken] of cases.entries()) {
      t.test(broken.name, async (one) => compare(one, broken, theirs[index]!, ours[index]!));
    }
  });
}
