// How soon supd answers while everything happens at once: programs that end at once and are tried again, a flood of
// output from many, one line without an end.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { makeContract } from '../../../src/build/build.mjs';
import { section, start } from '../daemons.mjs';
import { below, none } from '../goals.mjs';
import { quantile } from '../numbers.mjs';
import { endAtOnce, makeDir, removeDir } from '../place.mjs';
import { residentMegabytes } from '../processes.mjs';
import { openStartingLine, writer } from '../starting-line.mjs';
import { pause, until } from '../until.mjs';

const root = path.resolve(import.meta.dirname, '../../..');
const row = (name, title, goal) => ({ name, title, unit: 'ms', goal });

export const busy = {
  rows: [
    row('busy', 'answer to ListProcesses while busy, p50', below(100)),
    row('busy-p99', '  p99', below(100)),
    row('busy-max', '  the slowest', below(100)),
    { name: 'busy-count', title: '  answers counted', unit: '', goal: none },
    { name: 'busy-memory', title: '  most memory', unit: 'MB', goal: none },
  ],
  async run(bench) {
    const which = bench.daemons.find(({ name }) => name === 'supd');
    const { connect } = await loadClient(bench.dir);
    for (let i = bench.quick ? 1 : 3; i > 0; i -= 1) await measure(bench, which, connect);
  },
};

async function measure(bench, which, connect) {
  const writers = 100;
  const dir = makeDir(bench.dir);
  const control = path.join(dir, 'line');
  const line = openStartingLine(control);
  const daemon = start(which, dir, programs(dir, control, writers, bench.quick ? 4 : 20));
  await line.untilReady(writers);
  const client = connect(daemon.socket);
  await until('supd to serve', () =>
    client.listProcesses().then(
      () => true,
      () => false,
    ),
  );
  for await (const _ of client.startProcesses({ targets: ['quick:*'], wait: false }));
  line.go(writers);
  for await (const _ of client.startProcesses({ targets: ['endless'], wait: false }));
  const took = [];
  let memory = 0;
  // Until the floods are over, and at least for as long as the quick ones take to fail for good (0, 1, 2, 3 s later).
  const end = performance.now() + 8000;
  while (line.done < writers || performance.now() < end) {
    const begin = performance.now();
    const { processes } = await client.listProcesses();
    took.push(performance.now() - begin);
    if (processes.length !== 601) throw new Error(`${processes.length} processes were listed, not 601`);
    memory = Math.max(memory, residentMegabytes(daemon.pid));
    await pause(10);
  }
  client.close();
  bench.record('busy', which, quantile(took, 0.5));
  bench.record('busy-p99', which, quantile(took, 0.99));
  bench.record('busy-max', which, Math.max(...took));
  bench.record('busy-count', which, took.length);
  bench.record('busy-memory', which, memory);
  line.close();
  await endAtOnce(daemon.child);
  removeDir(dir);
}

function programs(dir, control, writers, mib) {
  const many = { process_name: '%(program_name)s_%(process_num)03d', redirect_stderr: 'true' };
  const log = (name) => ({ stdout_logfile: path.join(dir, name), stdout_logfile_maxbytes: '50MB' });
  const endless = `/usr/bin/perl -e '$_ = "x" x 65536; syswrite(STDOUT, $_) for 1..1600'`;
  return [
    section('program:quick', {
      command: '/bin/true',
      numprocs: 500,
      autostart: 'false',
      ...many,
    }),
    section('program:writer', {
      command: `/usr/bin/perl ${writer} ${control} ${mib * 2 ** 20} 4096`,
      numprocs: writers,
      autorestart: 'false',
      startsecs: 0,
      ...many,
      ...log('writer-%(process_num)03d'),
    }),
    section('program:endless', {
      command: endless,
      autostart: 'false',
      autorestart: 'false',
      startsecs: 0,
      ...log('endless'),
    }),
  ].join('\n');
}

/** supd's own client, one connection for all calls. */
async function loadClient(dir) {
  makeContract();
  const outfile = path.join(dir, 'client/client.mjs');
  mkdirSync(path.dirname(outfile));
  await build({
    entryPoints: [path.join(root, 'src/grpc/client.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    alias: { long: path.join(root, 'src/build/absent.cjs') },
    logLevel: 'warning',
  });
  return import(pathToFileURL(outfile).href);
}
