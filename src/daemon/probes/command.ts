/** Probes by a command: a child as the program's user, in its directory and environment, ended with its tree when late. */
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import type { ProcessSpec } from '../../core/program.js';
import { describeExit } from '../../core/state.js';
import { openOutput, readEnd, saidLast } from '../said.js';
import { type SpawnerParts, spawnOne } from '../spawner.js';
import type { Sweeper } from '../sweeper.js';
import type { Attempt, Attempted } from './connect.js';

const KILL = 9;

export interface CommandParts {
  readonly spawner: SpawnerParts & { readonly rundir: string };
  readonly sweeper: Sweeper;
}

/**
 * Ends with status 0 in time? What it started is gone, too, before the answer.
 * @param keeps  its last line is part of why it did not
 */
export function probeCommand(
  { spawner, sweeper }: CommandParts,
  spec: ProcessSpec,
  command: string,
  { timeoutMs, signal }: Attempt,
  keeps = false,
): Promise<Attempted> {
  return new Promise((resolve) => {
    const tags = {
      SUPD_PROBE: spec.id,
      SUPERVISOR_PROCESS_NAME: spec.name,
      SUPERVISOR_GROUP_NAME: spec.group,
    };
    const tag = { variables: { ...tags, SUPD_INSTANCE: spawner.instance }, files: [] };
    let late: string | undefined;
    let reading: number | undefined;
    const said = () => {
      if (reading === undefined) return '';
      const text = saidLast(readEnd(reading));
      closeSync(reading);
      reading = undefined;
      return text;
    };
    const spawned = spawnOne(spawner, {
      name: `${spec.name}'s check`,
      launch: { ...spec, command },
      tags,
      openFds: () => {
        if (!keeps) return openNothing();
        const [writing, kept] = openOutput(path.join(spawner.rundir, `said-${nextNumber()}`));
        reading = kept;
        return { stdin: openSync('/dev/null', 'r'), stdout: writing, stderr: writing };
      },
      ended: (exit) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
        const isOk = late === undefined && 'code' in exit && exit.code === 0;
        const outcome: Attempted = isOk
          ? { ok: true }
          : late === undefined
            ? { ok: false, why: `${describeExit(exit)}${said()}` }
            : { ok: false, why: `${late}${said()}`, isLate: true };
        said();
        const pid = spawned.ok ? spawned.pid : 0;
        sweeper.askLeftover(pid, tag, (isLeft) => {
          if (isLeft) sweeper.sweep(pid, tag, KILL, () => resolve(outcome));
          else resolve(outcome);
        });
      },
    });
    const end = (why: string) => {
      late = why;
      if (spawned.ok) sweeper.signalTree(spawned.pid, KILL);
    };
    const timer = setTimeout(() => end(`not over within ${timeoutMs / 1000} s`), timeoutMs);
    const abort = () => end('cancelled');
    if (spawned.ok) {
      signal.addEventListener('abort', abort, { once: true });
      return;
    }
    clearTimeout(timer);
    said();
    resolve({ ok: false, why: spawned.why });
  });
}

let count = 0;

function nextNumber(): string {
  count += 1;
  return `${process.pid}-${count}`;
}

function openNothing() {
  const stdin = openSync('/dev/null', 'r');
  const output = openSync('/dev/null', 'w');
  return { stdin, stdout: output, stderr: output };
}
