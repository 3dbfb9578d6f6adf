/** Debian's supervisorctl, run to its end: the script itself, in forks of one Python that has its modules already. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Answer } from '../helpers/place.js';

const SCRIPT = path.resolve(import.meta.dirname, '../../../test/clients/quick_ctl.py');

let server: ChildProcess | undefined;
let requests = 0;
const waiting = new Map<string, (status: number) => void>();

/** @param dir  its working directory, which also gets files for its streams */
export async function runCtl(
  dir: string,
  env: Readonly<Record<string, string>>,
  words: readonly string[],
  input: string,
): Promise<Answer> {
  server ??= start();
  requests += 1;
  const id = `ctl-${requests}`;
  const file = (fd: number) => path.join(dir, `${id}.${fd}`);
  writeFileSync(file(0), input);
  const status = await new Promise<number>((resolve) => {
    waiting.set(id, resolve);
    keep(true);
    server?.stdin?.write(`${JSON.stringify({ id, words, dir, cwd: dir, env })}\n`);
  });
  const answer = { status, stdout: readFileSync(file(1), 'utf8'), stderr: readFileSync(file(2), 'utf8') };
  for (const fd of [0, 1, 2]) rmSync(file(fd));
  return answer;
}

/** It ends with its standard input, which is ours. */
function start(): ChildProcess {
  const child = spawn('/usr/bin/python3', [SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'] });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [id = '', status] = line.split(' ');
    waiting.get(id)?.(Number(status));
    waiting.delete(id);
    keep(waiting.size > 0);
  });
  return child;
}

/** It holds the test only while it has something to answer. */
function keep(on: boolean): void {
  for (const handle of [server, server?.stdin, server?.stdout] as unknown as { ref(): void; unref(): void }[])
    if (on) handle.ref();
    else handle.unref();
}
