// npm run bench: supd beside Debian's supervisord on this machine, as medians and ratios.
//
//   node test/bench/run.mjs [--quick] [--only-supd] [--bin DIR] [ROW…]
//
// ROW is a row's name or the beginning of one (--list shows them). Runs of the two alternate, so that what else the
// machine does meets both. Exit status 1 when a run broke, 0 otherwise, whether the goals are met or not.
import { cpus, loadavg, release } from 'node:os';
import { isInstalled, supd, supervisord, versionOf } from './daemons.mjs';
import { median, show, table } from './numbers.mjs';
import { endAll, makeDir, removeDir } from './place.mjs';
import { busy } from './rows/busy.mjs';
import { crashing } from './rows/crash.mjs';
import { logs } from './rows/logs.mjs';
import { memory } from './rows/memory.mjs';
import { shuttingDown } from './rows/shutdown.mjs';
import { starting } from './rows/start.mjs';
import { status } from './rows/status.mjs';

const benchmarks = [starting, crashing, shuttingDown, logs, status, memory, busy];

const options = readOptions(process.argv.slice(2));
if (options.list)
  for (const { name, title } of benchmarks.flatMap(({ rows }) => rows)) console.log(name, title);
else await main();

async function main() {
  const daemons = [
    supd(options.bin),
    ...(options.onlySupd || !isInstalled(supervisord) ? [] : [supervisord]),
  ];
  if (!isInstalled(daemons[0]))
    throw new Error(`${daemons[0].daemon} is not there: run "npm run build" first`);
  const versions = daemons.map((one) => `${one.name} ${versionOf(one)}`).join(', ');
  console.log(`${versions}; Node ${process.version}, Linux ${release()}, ${cpus().length} CPUs`);
  if (!isInstalled(supervisord)) {
    console.log('supervisord is not installed (apt-get install supervisor): supd alone, without ratios');
  }
  const samples = new Map();
  const broken = [];
  for (const benchmark of benchmarks) {
    if (benchmark.rows.some(isWanted)) await run(benchmark, daemons, samples, broken);
  }
  const rows = benchmarks.flatMap((one) => one.rows).filter((row) => samples.has(row.name));
  console.log(`\n${table([header(), ...rows.map((row) => line(row, samples.get(row.name)))])}`);
  console.log(`\nload at the end: ${loadavg().map(show).join(' ')}`);
  for (const why of broken) console.log(`BROKEN  ${why}`);
  process.exitCode = broken.length > 0 ? 1 : 0;
}

async function run(benchmark, daemons, samples, broken) {
  const dir = makeDir();
  const bench = {
    daemons,
    dir,
    quick: options.quick,
    wants: (...names) => names.some((name) => isWanted({ name })),
    record: (name, which, value) => {
      if (!isWanted({ name })) return;
      const of = samples.get(name) ?? {};
      of[which.name] = [...(of[which.name] ?? []), value];
      samples.set(name, of);
      process.stderr.write(`${name} ${which.name} ${show(value)}\n`);
    },
    alternate: async (rounds, once) => {
      for (let round = 0; round < rounds; round += 1) for (const which of daemons) await once(which);
    },
  };
  try {
    await benchmark.run(bench);
  } catch (error) {
    broken.push(`${benchmark.rows[0].name}: ${error.stack}`);
    await endAll();
  }
  removeDir(dir);
}

function header() {
  return ['', 'unit', 'supd', 'supervisord', 'ratio', 'goal'];
}

function line({ title, unit, goal }, of) {
  const [ours, theirs] = [of.supd, of.supervisord].map((values) => values && median(values));
  const ratio = ours !== undefined && theirs ? show(ours / theirs) : '-';
  const met = goal.met(ours, theirs);
  const verdict = met === undefined ? '' : `${met ? 'met' : 'NOT met'} (${goal.text})`;
  return [title, unit, show(ours), show(theirs), ratio, verdict];
}

function isWanted({ name }) {
  return options.names.length === 0 || options.names.some((one) => name.startsWith(one));
}

function readOptions(words) {
  const found = { quick: false, onlySupd: false, list: false, bin: undefined, names: [] };
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '--quick') found.quick = true;
    else if (word === '--only-supd') found.onlySupd = true;
    else if (word === '--list') found.list = true;
    else if (word === '--bin') found.bin = words.shift();
    else if (word.startsWith('-')) throw new Error(`unknown option ${word}`);
    else found.names.push(word);
  }
  return found;
}
