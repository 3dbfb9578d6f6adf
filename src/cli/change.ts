/** What start, stop and restart share: one line for each process as it settles, and the exit status of them all. */
import type { Client, HoldView, ProcessResult } from '../grpc/client.js';
import { type Session, UsageError } from './command.js';
import type { Flags, FlagTable } from './flags.js';
import { ndjson, resultJson } from './render/json.js';
import { fullName } from './render/names.js';
import { exitAfter, resultHint, resultLine } from './render/results.js';
import { spokenDuration } from './render/times.js';
import { drain, leaveWait, showWaiting } from './wait.js';

export const changeFlags: FlagTable = { '--json': 'switch', '--no-wait': 'switch', '--reason': 'value' };

/** Lines about `changeFlags`, for the help of the command. */
export const changeFlagsHelp: readonly string[] = [
  '  --no-wait            answer as soon as it is ordered',
  '  --reason TEXT        why, for the log of supd',
  '  --json               one JSON object per line and process',
];

/** Of stop and restart, which a job may hold back. */
export const heldFlags: FlagTable = { ...changeFlags, '--force': 'switch' };

export const heldFlagsHelp: readonly string[] = [
  ...changeFlagsHelp,
  '  --force              go on although a job holds it; else it waits, and with --no-wait it is refused',
];

type Call = Client['stopProcesses'];

/** @throws UsageError without a name, with `noNameStatus` */
export async function change(
  session: Session,
  flags: Flags,
  how: {
    readonly verb: 'start' | 'stop' | 'restart';
    readonly waiting: string;
    readonly noNameStatus: number;
    readonly call: (client: Client) => Call;
  },
): Promise<number> {
  const targets = flags.words;
  if (targets.length === 0) {
    throw new UsageError(`Error: ${how.verb} requires a process name`, {
      status: how.noNameStatus,
      withHelp: true,
    });
  }
  const reason = flags.value('--reason');
  const request = {
    targets,
    noWait: flags.has('--no-wait'),
    ...(reason === undefined ? {} : { reason }),
    ...heldBack(session, flags),
  };
  const endProgress = showWaiting(session, targets, how.waiting);
  let exit = 0;
  try {
    const ended = await drain(
      session,
      how.call(session.client())(request, { signal: session.signal }),
      async (result) => {
        exit = exitAfter(exit, result, how.verb);
        await showResult(session, flags, result);
      },
    );
    if (!ended) return leaveWait(session, `the ${how.verb} of ${targets.join(', ')}`, 'status');
  } finally {
    endProgress();
  }
  return exit;
}

/** What a change says of holds: whether it minds them, and that it waits. */
export function heldBack({ terminal, now }: Session, flags: Flags) {
  return {
    ...(flags.has('--force') ? { force: true } : {}),
    onHold: (hold: HoldView) => {
      const what = hold.step === hold.job ? hold.job : `${hold.job} (${hold.step})`;
      const time = spokenDuration(now() - hold.since);
      terminal.hint(
        `supctl: ${fullName(hold)} is held by ${what}, run ${hold.run}, for ${time}; waiting for its end (--force goes on)`,
      );
    },
  };
}

/** One result, as text with what to look at next, or as JSON. */
export async function showResult(session: Session, flags: Flags, result: ProcessResult): Promise<void> {
  const { terminal, again } = session;
  const line = flags.has('--json') ? ndjson(resultJson(result)) : lineOf(result, flags.has('--no-wait'));
  await terminal.write(`${line}\n`);
  const hint = resultHint(result, again);
  if (hint !== undefined) terminal.hint(`supctl: ${hint}`);
}

/** "x: starting" for what is only ordered. */
function lineOf(result: ProcessResult, ordered: boolean): string {
  const done = result.code === 'STARTED' || result.code === 'STOPPED';
  return ordered && done && result.message !== ''
    ? `${fullName(result)}: ${result.message}`
    : resultLine(result);
}
