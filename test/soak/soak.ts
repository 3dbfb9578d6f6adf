/**
 * The real supd with fifty programs under load, for as long as is asked for: does it grow, leave something open, get slow,
 * lose a child or tear a line? Prints each bound and what was found, and ends with a line "N passed, N failed".
 */
import { setTimeout as pause } from 'node:timers/promises';
import { unaccounted } from '../faults/accounts.js';
import { makePlace } from '../helpers/place.js';
import { isAlive, processesNaming } from '../helpers/proc.js';
import { type Supd, startIn } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';
import { type Finding, judge, leastOpen, none } from './bounds.js';
import { drain, gather } from './crowd.js';
import { median } from './numbers.js';
import { seeded } from './random.js';
import { type Sample, type Sampling, sample, waitedForCpu } from './samples.js';
import { configuration, HISTORY, JOBS, WRITERS } from './site.js';
import { flawIn } from './whole.js';

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };
/** At the begin and at the end, when nobody asks for anything. */
const QUIET_SECONDS = 10;
const LEAST_SECONDS = 60;
/** Its record and the output of its steps. */
const FILES_OF_A_RUN = 3;

const owned: (() => unknown)[] = [];
const owner = { teardown: (end: () => unknown) => void owned.push(end) };
/** Whatever ends the soak, nothing of it stays. */
async function clearUp(): Promise<void> {
  for (const end of owned.splice(0).reverse()) await end();
}
async function giveUp(why: unknown): Promise<never> {
  console.error(why);
  await clearUp();
  process.exit(1);
}
process.on('uncaughtException', giveUp).on('SIGINT', giveUp).on('SIGTERM', giveUp);
await main().finally(clearUp);

async function main(): Promise<void> {
  const seconds = readTime(process.argv[2] ?? '5m');
  const seed = Number(process.env.SOAK_SEED ?? Date.now() % 2 ** 32);
  console.log(`soak: ${seconds} s, SOAK_SEED=${seed}`);
  const supd = await startIn(owner, makePlace(owner, configuration(0)));
  const complaints: string[] = [];
  supd.child.stderr?.on('data', (text: string) => complaints.push(text));
  const sampling = sample(supd);

  const doubled: string[] = [];
  const lost = await whatIsLost(supd, doubled);
  // From its first event on supd keeps its standard input open.
  await until('the event listener to be told', () => supd.read('told.err') !== '');
  const before = await quiet(sampling);
  const crowd = gather(supd, seeded(seed));
  const begun = sampling.samples.length;
  await pause(Math.max(seconds - 3 * QUIET_SECONDS, QUIET_SECONDS) * 1000);
  const loaded = sampling.samples.slice(begun);
  const latencies = [...sampling.latencies];
  const { deeds, wrong } = await crowd.leave();

  await settle(supd);
  lost.push(...(await whatIsLost(supd, doubled)));
  const after = await quiet(sampling, leastOpen(before).descriptors);
  await sampling.stop();
  const waited = waitedForCpu(supd.pid);
  const torn = WRITERS.map((name) => flawIn(supd.dir, name, name.startsWith('floods')));
  const twice = await runsTwice(supd);
  await supd.told('shutdown');
  const { code } = await supd.ended();

  const mostFiles = Math.max(...before.map(({ files }) => files)) + JOBS.length * HISTORY * FILES_OF_A_RUN;
  report([
    ...judge({ before, loaded, after, latencies, mostFiles }),
    none('children lost or unknown', lost),
    none('children doubled', doubled),
    none('lines torn or lost', torn.filter(Boolean)),
    none('due times that were run twice', twice),
    none('failures told to clients', wrong),
    none('defects and warnings', [...complaints, ...defectsIn(supd.read('supd.log'))]),
    none('left by the shutdown', [
      ...(code === 0 ? [] : [`supd ended with ${code}`]),
      ...processesNaming(supd.dir).filter(isAlive).map(String),
    ]),
  ]);
  console.log(`\n${[...deeds].map(([name, count]) => `${count} by ${name}`).join(', ')}`);
  console.log(
    `an answer took ${median(latencies).toFixed(1)} ms at the median, ${Math.max(...latencies).toFixed(0)} ms at most; ` +
      `supd waited ${waited.toFixed(1)} s for a CPU that others had`,
  );
}

/** "90s", "5m", "2h", or a bare number of seconds. */
function readTime(text: string): number {
  const [, number, unit = 's'] = /^(\d+)([smh]?)$/.exec(text) ?? [];
  const seconds = Number(number) * (UNITS[unit || 's'] ?? Number.NaN);
  if (seconds >= LEAST_SECONDS) return seconds;
  console.error(
    `soak: ${JSON.stringify(text)} is no time; right is 90s, 5m or 2h, ${LEAST_SECONDS} s at least`,
  );
  process.exit(2);
}

/** What the kernel and supd say is the same, or what is not when it should long be. */
async function whatIsLost(supd: Supd, doubled: string[]): Promise<string[]> {
  let wrong = '';
  const look = async () => {
    wrong = await unaccounted(supd, JOBS, (what) => doubled.push(what));
    return wrong === '';
  };
  return until('every process to be accounted for', look).then(
    () => [],
    () => [wrong],
  );
}

/** As it was at the begin: the first configuration, and all programs started. */
async function settle(supd: Supd): Promise<void> {
  supd.configure(configuration(0));
  await supd.client.rereadConfiguration();
  await drain(supd.client.updateGroups());
  await drain(supd.client.startProcesses({ targets: ['all'] }));
}

/** What is seen while nobody asks for anything, until no more is open than `most`, if that comes soon. */
async function quiet({ samples }: Sampling, most = Number.POSITIVE_INFINITY): Promise<readonly Sample[]> {
  const from = samples.length;
  await pause(QUIET_SECONDS * 1000);
  await until('what was open to be closed', () => leastOpen(samples.slice(from)).descriptors <= most).catch(
    () => undefined,
  );
  return samples.slice(from);
}

async function runsTwice(supd: Supd): Promise<readonly string[]> {
  const lists = await Promise.all(JOBS.map((job) => supd.client.listRuns({ job, limit: HISTORY })));
  const due = lists
    .flat()
    .filter(({ trigger }) => trigger !== 'request')
    .map(({ job, dueTime }) => `${job} at ${new Date(dueTime ?? 0).toISOString()}`);
  return due.filter((one, at) => due.indexOf(one) !== at);
}

function defectsIn(log: string): readonly string[] {
  return log.split('\n').filter((line) => / CRIT (?!Supervisor|Server)|defect|Warning/.test(line));
}

function report(findings: readonly Finding[]): void {
  const width = Math.max(...findings.map(({ what }) => what.length));
  console.log();
  for (const { what, found, bound, holds, more } of findings) {
    console.log(`${holds ? 'ok    ' : 'BROKEN'}  ${what.padEnd(width)}  ${found}  (${bound})`);
    if (!holds && more) console.log(more);
  }
  const broken = findings.filter(({ holds }) => !holds).length;
  process.exitCode = broken > 0 ? 1 : 0;
  process.once('exit', () => console.log(`\n${findings.length - broken} passed, ${broken} failed`));
}
