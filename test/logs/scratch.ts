/** What the tests of logs share: a directory of their own, named pipes, whole logs with their rotated files. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

interface Test {
  teardown(end: () => void): unknown;
}

const { O_RDWR, O_NONBLOCK } = fs.constants;

export function scratchDir(t: Test): string {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'supd-logs-'));
  t.teardown(() => fs.rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export interface Fifo {
  readonly path: string;
  /** For a pump: never blocks. The pump closes it. */
  readonly readEnd: number;
  /** For a writer: blocks. */
  openWriter(): number;
}

export function makeFifo(dir: string, name = 'fifo'): Fifo {
  const file = path.join(dir, name);
  execFileSync('mkfifo', ['-m', '600', file]);
  return {
    path: file,
    readEnd: fs.openSync(file, O_RDWR | O_NONBLOCK),
    openWriter: () => fs.openSync(file, O_RDWR),
  };
}

/** A log's files, oldest first: `.3`, `.2`, `.1` and itself. */
export function filesOf(log: string): string[] {
  const dir = path.dirname(log);
  const age = (name: string) => Number(name.slice(path.basename(log).length + 1) || 0);
  return fs
    .readdirSync(dir)
    .filter((name) => name === path.basename(log) || name.startsWith(`${path.basename(log)}.`))
    .sort((a, b) => age(b) - age(a))
    .map((name) => path.join(dir, name));
}

export function wholeLog(log: string): Buffer {
  return Buffer.concat(filesOf(log).map((file) => fs.readFileSync(file)));
}
