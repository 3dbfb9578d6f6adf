// Plays bin/backup and repozo: a dated copy of Data.fs with its checksum beside it; the newest seven are kept.
//   node backup.mjs save Data.fs backups      silent when all went well
//   node backup.mjs verify Data.fs backups    reads the newest back; fails when it is damaged or not of today
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

const KEEP = 7;
const DAY_MS = 25 * 3600 * 1000;
const [what, database, dir] = process.argv.slice(2);

if (what === 'save') save();
else if (what === 'verify') verify();
else fail('usage: backup.mjs save|verify Data.fs backups');

function save() {
  const stamp = new Date().toISOString().replace(/\..*/, '').replace(/[T:]/g, '-');
  const target = path.join(dir, `${stamp}.fs`);
  const bytes = fs.readFileSync(database);
  fs.writeFileSync(`${target}.part`, bytes, { flush: true });
  fs.writeFileSync(`${target}.sha256`, checksum(bytes));
  fs.renameSync(`${target}.part`, target);
  for (const old of backups().slice(0, -KEEP)) {
    fs.rmSync(path.join(dir, old));
    fs.rmSync(path.join(dir, `${old}.sha256`), { force: true });
  }
}

function verify() {
  const newest = backups().at(-1);
  if (!newest) return fail(`${dir} holds no backup`);
  const file = path.join(dir, newest);
  const bytes = fs.readFileSync(file);
  if (checksum(bytes) !== fs.readFileSync(`${file}.sha256`, 'utf8')) return fail(`${file} is damaged`);
  if (Date.now() - fs.statSync(file).mtimeMs > DAY_MS) return fail(`${file} is older than a day`);
  const records = bytes
    .toString()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  process.stdout.write(`verified ${newest}: ${records.length} records\n`);
}

/** Names are dates, so the last name is the newest. */
function backups() {
  return fs
    .readdirSync(dir)
    .filter((name) => name.endsWith('.fs'))
    .sort();
}

function checksum(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

function fail(text) {
  process.stderr.write(`backup: ${text}\n`);
  process.exitCode = 1;
}
