/** The real stack for tests that put faults into its nights: runs, what people heard, what is on the other host. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Test } from 'tap';
import { requireStack } from '../helpers/require.js';
import { openTold, type Told } from './mail.js';
import { type Changes, replaceAll, treeOf } from './site.js';
import { type Stack, shareStack } from './stack.js';
import type { RunStatus } from './supd.js';

export const STEPS = ['preflight', 'zeopack', 'backup', 'verify', 'rsync-backups', 'rsync-logs'];

export interface Night extends Stack {
  readonly told: Told;
}

/** As shareStack; what is told arrives at a mail server and at an HTTP endpoint. */
export async function shareNights(root: Test, changes: Changes = []) {
  const told = await openTold(root);
  const open = shareStack(root, () => [...(told?.changes ?? []), ...changes]);
  return async (t: Test): Promise<Night | undefined> => {
    if (!requireStack(t, ['mail'])) return undefined;
    const stack = await open(t);
    return stack && told ? { ...stack, told } : undefined;
  };
}

export function outcomes(run: RunStatus | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(run?.steps.map(({ name, outcome }) => [name, outcome]) ?? []);
}

/** Runs the job, and gives its exit status, its run, and what people were told of it. */
export async function runOf({ supd, told }: Night, job: string, ...words: string[]) {
  const mark = told.mark();
  const { status } = await supd.supctl('job', 'run', job, ...words);
  const [run] = await supd.runs(job);
  return { status, run, told: () => told.next(mark) };
}

/** Changes supd.conf until the end of the test. */
export async function withChanges(t: Test, { site, supd }: Stack, changes: Changes): Promise<void> {
  const text = readFileSync(site.conf, 'utf8');
  writeFileSync(site.conf, replaceAll(text, changes));
  await supd.supctl('update');
  t.teardown(async () => {
    writeFileSync(site.conf, text);
    await supd.supctl('update');
  });
}

export function backups({ site }: Stack): readonly string[] {
  return readdirSync(path.join(site.dir, 'var/backups')).sort();
}

/** The other host's copy of the backups, without its logs. */
export function offSite({ site }: Stack): ReadonlyMap<string, string> {
  return new Map([...treeOf(site.remote)].filter(([name]) => !name.startsWith('log/')));
}
