/** Visitors: ten at once, half of them on kept connections, until the test has seen enough. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Test } from 'tap';

export interface Told {
  readonly requests: number;
  readonly failed: number;
  /** By what went wrong: "status 503", "ECONNRESET". */
  readonly failures: Readonly<Record<string, number>>;
  readonly slowestMs: number;
}

/** Begins to ask for `url`, by the fixture in that directory. @returns ends it, and tells what came of it */
export function load(t: Test, dir: string, url: string): () => Promise<Told> {
  const child = spawn(process.execPath, [`${dir}/bin/loads`, url, '10'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const said = textOf(child);
  return async () => {
    child.stdin?.end();
    return JSON.parse(await said) as Told;
  };
}

async function textOf(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const bytes of child.stdout ?? []) text += String(bytes);
  return text;
}
