/** A message as the standard input of a command: a child like any other, in a group of its own, ended when it hangs. */
import { closeSync, constants, openSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Exit, LaunchSpec } from '../../core/program.js';
import { describeExit } from '../../core/transition.js';
import { signalProcess } from '../../os/tree.js';
import { openOutput, readEnd, saidLast } from '../said.js';
import { type SpawnerParts, spawnOne } from '../spawner.js';

const WHOLE_MS = 60_000;
const KILL = 9;
/** Where sendmail is, though it is seldom on a daemon's PATH. */
const SYSTEM_PATH = '/usr/sbin:/usr/lib:/usr/bin:/bin';

export interface Order {
  /** For messages; default: notify. */
  readonly name?: string;
  /** How it is run; default: as supd itself. */
  readonly launch?: Omit<LaunchSpec, 'command'>;
  readonly command: string;
  readonly input: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Runs a command; how it ended and what it wrote. @throws Error: it could not be started */
export type Run = (order: Order) => Promise<{ readonly exit: Exit; readonly output: string }>;

/** @param dir  where input and output are kept for a moment; nobody else may look into it */
export function runner(spawner: SpawnerParts, dir: string): Run {
  let count = 0;
  return (order) =>
    new Promise((resolve, reject) => {
      count += 1;
      const file = path.join(dir, `notify-${process.pid}-${count}`);
      const { PATH: inherited = '' } = spawner.environment;
      let timer: NodeJS.Timeout | undefined;
      let output = -1;
      const spawned = spawnOne(spawner, {
        name: order.name ?? 'notify',
        launch: {
          environment: { PATH: `${inherited}:${SYSTEM_PATH}` },
          limits: {},
          capabilities: [],
          noNewPrivileges: false,
          ...order.launch,
          command: order.command,
        },
        tags: order.environment,
        openFds: () => {
          const stdin = openInput(file, order.input);
          const [writing, reading] = openOutput(file);
          output = reading;
          return { stdin, stdout: writing, stderr: writing };
        },
        ended: (exit) => {
          clearTimeout(timer);
          const text = readEnd(output);
          closeSync(output);
          resolve({ exit, output: text });
        },
      });
      if (!spawned.ok) {
        if (output >= 0) closeSync(output);
        reject(new Error(spawned.why));
        return;
      }
      timer = setTimeout(() => signalProcess(-spawned.pid, KILL), WHOLE_MS);
    });
}

/** Runs it to its end. @throws Error unless it ends with status 0 */
export async function runCommand(run: Run, order: Order): Promise<void> {
  const { exit, output } = await run(order);
  if ('code' in exit && exit.code === 0) return;
  throw new Error(`${describeExit(exit)}${saidLast(output)}`);
}

function openInput(file: string, text: string): number {
  writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
  try {
    return openSync(file, constants.O_RDONLY);
  } finally {
    unlinkSync(file);
  }
}
