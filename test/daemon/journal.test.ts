import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'tap';
import type { RunRecord } from '../../src/core/job.js';
import { Journal } from '../../src/daemon/journal.js';
import { until } from '../helpers/until.js';

interface Place {
  teardown(done: () => void): void;
}

function tempDir(t: Place): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'supd-journal-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function record(id: string, patch: Partial<RunRecord> = {}): RunRecord {
  return {
    id,
    job: 'nightly',
    outcome: 'ok',
    trigger: 'schedule',
    dueTime: 1000,
    startTime: 1001,
    endTime: 2000,
    steps: [
      { name: 'zeopack', outcome: 'ok', exit: { code: 0 }, attempts: 1, outputBytes: 3, output: 'ok\n' },
    ],
    ...patch,
  };
}

const step = { attempts: 1, outputBytes: 0, output: '' };

test('a run that was written is read back, also by the next daemon', async (t) => {
  const dir = tempDir(t);
  const journal = Journal.open(dir);
  t.same(journal.warnings, []);
  t.equal(journal.writeRun(record('1')), undefined);
  t.same(journal.readRun('nightly', '1'), record('1'));
  t.same(Journal.open(dir).readRun('nightly', '1'), record('1'));
});

test('runs are given newest first, as many as asked for, of their job alone', async (t) => {
  const journal = Journal.open(tempDir(t));
  for (const id of ['2', '1', '3']) journal.writeRun(record(id));
  journal.writeRun(record('4', { job: 'other' }));
  t.same(
    journal.runs('nightly', 2).map((run) => run.id),
    ['3', '2'],
  );
  t.same(journal.runs('none', 10), []);
});

test('a run that is written again is one run, as it is now', async (t) => {
  const journal = Journal.open(tempDir(t));
  journal.writeRun(record('1', { outcome: 'running' }));
  journal.writeRun(record('1', { outcome: 'failed' }));
  t.same(
    journal.runs('nightly', 10).map((run) => run.outcome),
    ['failed'],
  );
});

test('the newest hundred runs are kept, the others go with their output', async (t) => {
  const dir = tempDir(t);
  const journal = Journal.open(dir);
  const ids = Array.from({ length: 103 }, (_, i) => `run-${String(i).padStart(3, '0')}`);
  const outputs = ids.map((id) => {
    const file = journal.outputPath('nightly', id, 'zeopack');
    writeFileSync(file, id);
    journal.writeRun(record(id));
    return file;
  });
  t.same(
    journal.runs('nightly', 200).map((run) => run.id),
    ids.slice(3).reverse(),
  );
  t.same(outputs.map((file) => existsSync(file)).indexOf(true), 3);
  t.equal(readdirSync(path.join(dir, 'runs', 'nightly')).length, 200);
});

test('due times are kept with their schedules', async (t) => {
  const dir = tempDir(t);
  const journal = Journal.open(dir);
  t.same(journal.lastDue(), {});
  t.equal(journal.rememberDue('nightly', { due: 5, schedule: '0 3 * * *' }), undefined);
  t.equal(journal.rememberDue('hourly', { due: 7, schedule: '@hourly Europe/Paris' }), undefined);
  journal.rememberDue('nightly', { due: 6, schedule: '0 3 * * *' });
  const expected = {
    nightly: { due: 6, schedule: '0 3 * * *' },
    hourly: { due: 7, schedule: '@hourly Europe/Paris' },
  };
  t.same(journal.lastDue(), expected);
  t.same(Journal.open(dir).lastDue(), expected);
});

test('a run that a dead daemon left running is failed, its open step too, and the rest was not run', async (t) => {
  const dir = tempDir(t);
  Journal.open(dir).writeRun(
    record('1', {
      outcome: 'running',
      endTime: undefined,
      steps: [
        { name: 'zeopack', outcome: 'ok', ...step },
        { name: 'backup', outcome: 'running', ...step },
        { name: 'verify', outcome: 'waiting', ...step },
      ],
    }),
  );
  const reason = 'supd ended during the run';
  const after = Journal.open(dir, { wall: 9000 });
  t.match(after.readRun('nightly', '1'), {
    outcome: 'failed',
    reason,
    endTime: 9000,
    steps: [
      { name: 'zeopack', outcome: 'ok' },
      { name: 'backup', outcome: 'failed', reason, endTime: 9000 },
      { name: 'verify', outcome: 'skipped', reason },
    ],
  });
  t.equal(Journal.open(dir, { wall: 10_000 }).readRun('nightly', '1')?.endTime, 9000, 'once');
});

test('damaged files are set aside with a warning each, and the rest is read', async (t) => {
  const dir = tempDir(t);
  const journal = Journal.open(dir);
  for (const id of ['1', '2', '3', '4']) journal.writeRun(record(id));
  const at = (name: string) => path.join(dir, 'runs', 'nightly', name);
  writeFileSync(at('1.json'), readFileSync(at('1.json'), 'utf8').slice(0, 50));
  writeFileSync(at('2.json'), '{"id":"2","steps":"none"}');
  writeFileSync(at('3.json'), '');
  writeFileSync(path.join(dir, 'schedule.json'), '[1, 2]');
  const after = Journal.open(dir);
  t.equal(after.warnings.length, 4);
  t.match(after.warnings.join('\n'), /schedule\.json: damaged; kept as schedule\.json\.broken/);
  t.same(
    after.runs('nightly', 10).map((run) => run.id),
    ['4'],
  );
  t.ok(existsSync(at('1.json.broken')));
  t.same(Journal.open(dir).warnings, [], 'warned of once');
});

test('what a crash left of a write is taken away and the file before it counts', async (t) => {
  const dir = tempDir(t);
  Journal.open(dir).writeRun(record('1'));
  const half = path.join(dir, 'runs', 'nightly', '1.json.new');
  writeFileSync(half, '{"id":');
  const after = Journal.open(dir);
  t.same(after.warnings, []);
  t.same(after.readRun('nightly', '1'), record('1'));
  t.notOk(existsSync(half));
});

test('no name leads out of its directory, and different names are different files', async (t) => {
  const dir = tempDir(t);
  const journal = Journal.open(dir);
  const names = ['..', '.', '', 'a/b', 'a%2Fb', '../../x', 'a\0b', 'a*', 'é', 'A', '.hidden', '\ud800'];
  const files = names.map((name) => journal.outputPath(name, name, name));
  t.equal(new Set(files).size, names.length);
  for (const file of files) {
    t.ok(file.startsWith(`${path.join(dir, 'runs')}${path.sep}`), file);
    t.ok(statSync(path.dirname(file)).isDirectory());
    t.equal(path.relative(path.join(dir, 'runs'), file).split(path.sep).length, 3, file);
  }
  const odd = record('../1', { job: '..' });
  t.equal(journal.writeRun(odd), undefined);
  t.same(Journal.open(dir).runs('..', 1), [odd]);
});

test('a write that fails says why and throws nothing', async (t) => {
  const dir = tempDir(t);
  const journal = Journal.open(dir);
  rmSync(path.join(dir, 'runs'), { recursive: true });
  writeFileSync(path.join(dir, 'runs'), '');
  t.match(journal.writeRun(record('1')), /runs.*ENOTDIR/);
  mkdirSync(path.join(dir, 'schedule.json'));
  t.match(journal.rememberDue('nightly', { due: 5, schedule: 'x' }), /schedule\.json: E/);
  t.same(journal.lastDue(), { nightly: { due: 5, schedule: 'x' } }, 'it counts while supd lives');
  t.same(journal.readRun('nightly', '1'), record('1'), 'and so does this');
  t.match(journal.outputPath('nightly', '1', 'a'), /a\.log$/);
});

test('what a full disk does not take waits elsewhere, also for the next daemon, and goes home when it can', async (t) => {
  const dir = tempDir(t);
  const told: (string | undefined)[] = [];
  const options = { shelter: path.join(dir, 'elsewhere'), told: (why: string | undefined) => told.push(why) };
  const home = path.join(dir, 'home');
  const file = path.join(home, 'runs', 'nightly', '1.json');
  const journal = Journal.open(home, options);
  journal.writeRun(record('1', { outcome: 'running' }));
  symlinkSync('/dev/full', `${file}.new`);
  t.match(journal.writeRun(record('1')), /ENOSPC/);
  t.match(told, [/1\.json: ENOSPC.*; kept in .*\/elsewhere$/]);
  t.match(JSON.parse(readFileSync(file, 'utf8')), { outcome: 'running' }, 'the one before is whole');
  t.equal(journal.readRun('nightly', '1')?.outcome, 'ok');
  journal.close();
  const next = Journal.open(home, options);
  t.equal(next.readRun('nightly', '1')?.outcome, 'ok');
  rmSync(`${file}.new`, { force: true });
  await until('it to go home', () => told.at(-1) === undefined);
  t.match(JSON.parse(readFileSync(file, 'utf8')), { outcome: 'ok' });
  t.same(
    readdirSync(options.shelter, { recursive: true }).filter((one) => String(one).endsWith('.json')),
    [],
  );
  next.close();
});

test('a directory that cannot be made is an error at once', async (t) => {
  const dir = tempDir(t);
  writeFileSync(path.join(dir, 'file'), '');
  t.throws(() => Journal.open(path.join(dir, 'file', 'state')), /ENOTDIR/);
});

test('as many runs are kept as `history` says, the newest ones, and their output with them', async (t) => {
  const dir = tempDir(t);
  const first = Journal.open(dir);
  first.limit(new Map([['nightly', 150]]));
  for (let at = 1000; at < 1150; at += 1) first.writeRun(record(String(at)));
  t.equal(
    Journal.open(dir).runs('nightly', 1000).length,
    150,
    'the next start does not cut them to the default',
  );
  const output = path.dirname(first.outputPath('nightly', '1000', 'zeopack'));
  t.ok(existsSync(output));
  first.limit(new Map([['nightly', 2]]));
  t.same(
    first.runs('nightly', 9).map(({ id }) => id),
    ['1149', '1148'],
  );
  t.notOk(existsSync(output));
  first.writeRun(record('1150'));
  t.same(
    first.runs('nightly', 9).map(({ id }) => id),
    ['1150', '1149'],
  );
});
