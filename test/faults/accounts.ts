/** Every process of a supd, as the kernel shows it, against what supd says. */
import { readdirSync } from 'node:fs';
import type { Test } from 'tap';
import { environmentOf, familyOf, isAlive } from '../helpers/proc.js';
import type { Supd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

/** Each record of a run is synced to a disk that others use. */
const PATIENCE_SECONDS = 120;

interface Main {
  readonly pid: number;
  /** Of a program; '' for a step. */
  readonly program: string;
  /** Of a step: its run and name; '' for a program. */
  readonly step: string;
}

/** Main processes of programs and steps of the supd in this directory: those that lead the group they were started with. */
function mainsIn(dir: string): readonly Main[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .flatMap((pid): readonly Main[] => {
      try {
        const { pgid, sid } = familyOf(pid);
        // What a program started in a session of its own is not its main process.
        if (pgid !== pid || sid === pid || !isAlive(pid)) return [];
        const of = environmentOf(pid);
        if (of.SUPD_TEST !== dir || !of.SUPD_INSTANCE) return [];
        const step = of.SUPD_RUN ? `${of.SUPD_RUN} ${of.SUPD_STEP}` : '';
        return [{ pid, program: step ? '' : (of.SUPERVISOR_PROCESS_NAME ?? ''), step }];
      } catch {
        return []; // gone while we looked
      }
    });
}

/**
 * What doesn't add up just now; '' when each living main process is the one that supd says, and there are no two of
 * one slot. A process that comes or goes meanwhile makes it untrue for a moment.
 * @param doubled  told of two of one slot, which is wrong even for a moment
 */
export async function unaccounted(
  supd: Supd,
  jobs: readonly string[],
  doubled: (what: string) => void,
): Promise<string> {
  const mains = mainsIn(supd.dir);
  const keys = mains.map(({ program, step }) => program || step);
  for (const key of keys) if (keys.filter((other) => other === key).length > 1) doubled(`two of ${key}`);
  const told = new Map((await supd.status()).map(({ name, pid }) => [name, pid]));
  const runs = await Promise.all(jobs.map(async (job) => supd.client.listRuns({ job, limit: 3 })));
  const live = new Set(runs.flat().flatMap(({ id, outcome }) => (outcome === 'running' ? [id] : [])));
  const wrong = mains.filter(({ pid, program, step }) =>
    program ? told.get(program) !== pid : !live.has(step.split(' ')[0] ?? ''),
  );
  const missing = [...told].filter(([name, pid]) => pid > 0 && !mains.some((main) => main.program === name));
  return [
    ...wrong.map(({ pid, program, step }) => `${program || step} runs as ${pid}, which supd doesn't know`),
    ...missing.map(([name, pid]) => `${name} should run as ${pid}`),
  ].join('; ');
}

/** Waits until supd and the kernel agree on what runs. */
export async function agree(t: Test, supd: Supd, jobs: readonly string[]): Promise<void> {
  const look = async () => {
    const wrong = await unaccounted(supd, jobs, (what) => t.fail(what));
    if (wrong) throw new Error(`${wrong}\n${supd.read('supd.log').slice(-2000)}`);
    return true;
  };
  await until('every process to be accounted for', look, PATIENCE_SECONDS);
}

/** Calls of a client that doesn't mind that supd dies. */
export async function quietly(work: () => AsyncIterable<unknown>): Promise<void> {
  try {
    for await (const _ of work());
  } catch {
    // supd is gone, or busy with what was asked before.
  }
}

/** Numbered lines: how many of 1 … the last one are not there in order, each a line of its own. */
export function lostLines(text: string): number {
  const numbers = text.split('\n').slice(0, -1).map(Number);
  const last = numbers.at(-1) ?? 0;
  return last - new Set(numbers.filter((one) => Number.isSafeInteger(one) && one <= last)).size;
}

/** Numbered lines: between which numbers something is missing, and how many don't ascend (doubled, or torn). */
export function gapsIn(text: string): { readonly gaps: readonly string[]; readonly wrong: number } {
  const numbers = text.split('\n').slice(0, -1).map(Number);
  const gaps = numbers.flatMap((one, i) => {
    const before = numbers[i - 1] ?? 0;
    return one > before + 1 ? [`${before}-${one}`] : [];
  });
  return { gaps, wrong: numbers.filter((one, i) => !(one > (numbers[i - 1] ?? 0))).length };
}
