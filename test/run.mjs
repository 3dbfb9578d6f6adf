// Runs the tests: `npm test [-- layer or file …]`. Builds first; prints what was skipped and why, and the count.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { makeDist, makeTests } from '../src/build/build.mjs';

const root = path.resolve(import.meta.dirname, '..');
await makeDist();
await makeTests();

const wanted = process.argv.slice(2).map((name) => name.replace(/^test\//, '').replace(/\.ts$/, ''));
const all = readdirSync(path.join(root, '.build/test'), { recursive: true })
  .filter((name) => name.endsWith('.test.js'))
  .filter((name) => wanted.length === 0 || wanted.some((part) => name.startsWith(part)))
  .sort();

// The stack's tests share ports and users: one after the other, after the others.
const alone = (name) => name.startsWith('stack/');
const counts = { pass: 0, fail: 0, skip: 0 };
const skipped = [];
let failing = false;

/** A file that hangs is ended, and failed. */
const FILE_MS = 20 * 60_000;

/**
 * Runs files, so many at a time. Each is a TAP program of its own: tap's command would load its instruments into all
 * that a test starts, the daemon too.
 */
async function run(files, jobs) {
  const queue = [...files];
  const work = async () => {
    for (let file = queue.shift(); file; file = queue.shift()) await runFile(file);
  };
  await Promise.all(Array.from({ length: jobs }, work));
}

function runFile(file) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--enable-source-maps', path.join('.build/test', file)], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
      // Seconds for one test: its deadlines are its own.
      env: { ...process.env, TAP_TIMEOUT: String(FILE_MS / 1000) },
      timeout: FILE_MS,
      killSignal: 'SIGKILL',
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (piece) => {
      text += piece;
    });
    child.on('close', (code, signal) => {
      const name = `test/${file.replace(/\.js$/, '.ts')}`;
      console.log(`${code === 0 ? 'ok' : 'FAILED'}  ${name}`);
      const before = counts.fail;
      failing = false;
      for (const line of text.split('\n')) note(line);
      if (code !== 0 && counts.fail === before) {
        counts.fail += 1;
        console.log(signal ? `it was ended by ${signal}` : `it ended with status ${code}`);
      }
      resolve();
    });
  });
}

/** Counts a file's own tests, and shows those that failed whole. */
function note(line) {
  const point = /^(not )?ok \d+ - (.*?)( # (?:SKIP|skip) ?(.*?))?( # time=.*?)?( \{)?$/.exec(line);
  if (!point) {
    // What is inside a test comes before its own line: a failed one's is shown by its "not ok".
    if (/^ +not ok/.test(line)) failing = true;
    else if (/^ +ok /.test(line)) failing = false;
    if (failing || line.startsWith('Bail out!')) console.log(line);
    return;
  }
  const [, not, name, , why] = point;
  failing = false;
  if (not) console.log(line);
  if (why !== undefined) {
    counts.skip += 1;
    skipped.push(`${name.trim()}: ${why}`);
  } else counts[not ? 'fail' : 'pass'] += 1;
}

await run(
  all.filter((name) => !alone(name)),
  2,
);
await run(all.filter(alone), 1);
if (skipped.length > 0) console.log(`\nskipped:\n${skipped.map((text) => `  ${text}`).join('\n')}`);
if (process.env.REQUIRE_STACK === '1') counts.fail += counts.skip;
console.log(
  `\n${counts.pass} passed, ${counts.fail} failed${counts.skip > 0 ? `, ${counts.skip} skipped` : ''}`,
);
process.exitCode = counts.fail > 0 ? 1 : 0;
