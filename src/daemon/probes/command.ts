/** Probes by a command: a child as the program's user, in its directory and environment, ended with its tree when late. */
import { openSync } from 'node:fs';
import type { ProcessSpec } from '../../core/program.js';
import { describeExit } from '../../core/state.js';
import { type SpawnerParts, spawnOne } from '../spawner.js';
import type { Sweeper } from '../sweeper.js';
import type { Attempt, Attempted } from './connect.js';

const KILL = 9;

export interface CommandParts {
  readonly spawner: SpawnerParts;
  readonly sweeper: Sweeper;
}

/** Ends with status 0 in time? What it started is gone, too, before the answer. */
export function probeCommand(
  { spawner, sweeper }: CommandParts,
  spec: ProcessSpec,
  command: string,
  { timeoutMs, signal }: Attempt,
): Promise<Attempted> {
  return new Promise((resolve) => {
    const tags = {
      SUPD_PROBE: spec.id,
      SUPERVISOR_PROCESS_NAME: spec.name,
      SUPERVISOR_GROUP_NAME: spec.group,
    };
    const tag = { variables: { ...tags, SUPD_INSTANCE: spawner.instance }, files: [] };
    let late: string | undefined;
    const spawned = spawnOne(spawner, {
      name: `${spec.name}'s check`,
      launch: { ...spec, command },
      tags,
      openFds: openNothing,
      ended: (exit) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
        const isOk = late === undefined && 'code' in exit && exit.code === 0;
        const outcome: Attempted = isOk
          ? { ok: true }
          : late === undefined
            ? { ok: false, why: describeExit(exit) }
            : { ok: false, why: late, isLate: true };
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
    resolve({ ok: false, why: spawned.why });
  });
}

function openNothing() {
  const stdin = openSync('/dev/null', 'r');
  const output = openSync('/dev/null', 'w');
  return { stdin, stdout: output, stderr: output };
}
