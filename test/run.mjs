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

function run(files, jobs) {
  if (files.length === 0) return Promise.resolve(0);
  return new Promise((resolve) => {
    const args = ['--disable-coverage', `--jobs=${jobs}`, '--timeout=1200', '--reporter=tap'];
    const child = spawn(
      path.join(root, 'node_modules/.bin/tap'),
      [...args, ...files.map((name) => path.join('.build/test', name))],
      {
        cwd: root,
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, NODE_OPTIONS: '--enable-source-maps' },
      },
    );
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      for (const line of lines) note(line);
    });
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

/** Counts tests (the second level: a file's own tests), shows failures whole and the rest as one line a file. */
let failing = false;
function note(line) {
  const point = /^( {4}| {8})?(not )?ok \d+ - (.*?)( # (?:SKIP|skip) ?(.*?))?( # time=.*?)?( \{)?$/.exec(
    line,
  );
  if (!point) {
    if (failing || /^\s*(Bail out!|# timeout)/.test(line)) console.log(line);
    return;
  }
  const [, indent = '', not, name, , why] = point;
  failing = Boolean(not);
  if (indent === '') console.log(`${not ? 'FAILED' : 'ok'}  ${name.replace(/^\.build\/test\//, 'test/')}`);
  else if (failing) console.log(line);
  if (indent.length !== 4) return;
  if (why !== undefined) {
    counts.skip += 1;
    skipped.push(`${name.trim()}: ${why}`);
  } else counts[not ? 'fail' : 'pass'] += 1;
}

let code = await run(
  all.filter((name) => !alone(name)),
  2,
);
code = (await run(all.filter(alone), 1)) || code;
if (skipped.length > 0) console.log(`\nskipped:\n${skipped.map((text) => `  ${text}`).join('\n')}`);
if (code !== 0 && counts.fail === 0) counts.fail = 1;
if (process.env.REQUIRE_STACK === '1') counts.fail += counts.skip;
console.log(
  `\n${counts.pass} passed, ${counts.fail} failed${counts.skip > 0 ? `, ${counts.skip} skipped` : ''}`,
);
process.exitCode = counts.fail > 0 || code !== 0 ? 1 : 0;
