// How fast children's output gets into rotated log files, and what the daemon's part of it costs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { section, start } from '../daemons.mjs';
import { less, more, none, shareOf, timesOf } from '../goals.mjs';
import { endAtOnce, keepTrackOf, makeDir, removeDir } from '../place.mjs';
import { cpuSecondsOf } from '../processes.mjs';
import { openStartingLine, writer } from '../starting-line.mjs';
import { until } from '../until.mjs';

const MIB = 1024 * 1024;
const MAX_BYTES = 50 * MIB;
const BACKUPS = 10;

const cases = [64000, 4096, 100].flatMap((chunk) => [1, 100].map((writers) => ({ chunk, writers })));
const nameOf = ({ chunk, writers }) => `logs-${chunk}-${writers}`;

export const logs = {
  rows: [...cases.flatMap(rowsOf), ...[64000, 4096, 100].map(ceilingRow)],
  async run(bench) {
    for (const one of cases) {
      const name = nameOf(one);
      if (!bench.wants(name, `${name}-cpu`)) continue;
      const mib = one.writers > 1 ? (bench.quick ? 2 : 10) : bench.quick ? 128 : one.chunk > 100 ? 1024 : 512;
      await bench.alternate(bench.quick ? 1 : 3, (which) => measure(bench, which, one, mib * MIB));
    }
    for (const chunk of [64000, 4096, 100]) {
      if (!bench.wants(`logs-${chunk}-ceiling`)) continue;
      for (let i = bench.quick ? 1 : 3; i > 0; i -= 1) await measureCeiling(bench, chunk, 128 * MIB);
    }
  },
};

/** Large writes are what supervisord is good at: the pump reads no less, but in JavaScript. */
function rowsOf(one) {
  const { chunk, writers } = one;
  const title = `${writers === 1 ? '1 writer' : `${writers} writers`}, ${chunk} bytes a write`;
  const isLarge = chunk === 64000;
  return [
    { name: nameOf(one), title: `log: ${title}`, unit: 'MB/s', goal: isLarge ? shareOf(0.6) : more },
    {
      name: `${nameOf(one)}-cpu`,
      title: "  the daemon's CPU",
      unit: 's/GiB',
      goal: isLarge ? timesOf(1.67) : less,
    },
  ];
}

function ceilingRow(chunk) {
  const title = `log: 1 writer into cat >/dev/null, ${chunk} bytes (ceiling)`;
  return { name: `logs-${chunk}-ceiling`, title, unit: 'MB/s', goal: none };
}

async function measure(bench, which, { chunk, writers }, bytes) {
  const dir = makeDir(bench.dir);
  const line = openStartingLine(path.join(dir, 'line'));
  const output = path.join(dir, 'out');
  const daemon = start(
    which,
    dir,
    section('program:writer', {
      command: `/usr/bin/perl ${writer} ${path.join(dir, 'line')} ${bytes} ${chunk}`,
      numprocs: writers,
      process_name: '%(program_name)s_%(process_num)03d',
      autorestart: 'false',
      startsecs: 0,
      redirect_stderr: 'true',
      stdout_logfile: `${output}-%(process_num)03d`,
      stdout_logfile_maxbytes: MAX_BYTES,
      stdout_logfile_backups: BACKUPS,
    }),
  );
  await line.untilReady(writers);
  await untilIdle(daemon.pid);
  const before = cpuSecondsOf(daemon.pid);
  const begin = performance.now();
  line.go(writers);
  await line.untilDone(writers);
  const seconds = (line.doneAt - begin) / 1000;
  await untilIdle(daemon.pid);
  const cpu = cpuSecondsOf(daemon.pid) - before;
  const written = Math.floor(bytes / chunk) * chunk;
  bench.record(nameOf({ chunk, writers }), which, (written * writers) / 1e6 / seconds);
  bench.record(`${nameOf({ chunk, writers })}-cpu`, which, cpu / ((written * writers) / 2 ** 30));
  checkKept(which, dir, written, writers);
  line.close();
  await endAtOnce(daemon.child);
  removeDir(dir);
}

/** Neither less in the files than they are to keep, nor a file beyond its bound but by one write. */
function checkKept(which, dir, written, writers) {
  const sizes = readdirSync(dir)
    .filter((name) => name.startsWith('out-'))
    .map((name) => statSync(path.join(dir, name)).size);
  const kept = sizes.reduce((sum, size) => sum + size, 0);
  const least = Math.min(written, BACKUPS * (MAX_BYTES - 2 * MIB)) * writers;
  if (kept < least) throw new Error(`${which.name} kept ${kept} bytes of logs, not ${least}`);
  const largest = Math.max(...sizes);
  if (largest > MAX_BYTES + 2 * MIB) throw new Error(`${which.name} let a log grow to ${largest} bytes`);
}

/** Ready to be measured, and measured to its end: it takes no CPU time for a fifth of a second. */
async function untilIdle(pid) {
  let last = -1;
  await until(
    'the daemon to be idle',
    () => {
      const now = cpuSecondsOf(pid);
      const isIdle = now === last;
      last = now;
      return isIdle;
    },
    { everyMs: 200 },
  );
}

async function measureCeiling(bench, chunk, bytes) {
  const dir = makeDir(bench.dir);
  const line = openStartingLine(path.join(dir, 'line'));
  const command = '/usr/bin/perl "$@" | cat >/dev/null';
  const args = ['-c', command, 'sh', writer, path.join(dir, 'line'), String(bytes), String(chunk)];
  const child = spawn('/bin/sh', args, { stdio: 'ignore' });
  keepTrackOf(child);
  const ended = once(child, 'exit');
  await line.untilReady(1);
  const begin = performance.now();
  line.go(1);
  await line.untilDone(1);
  bench.record(`logs-${chunk}-ceiling`, bench.daemons[0], bytes / 1000 / (line.doneAt - begin));
  await ended;
  line.close();
  removeDir(dir);
}
