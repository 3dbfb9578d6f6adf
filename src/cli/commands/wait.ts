import { setTimeout as pause } from 'node:timers/promises';
import type { ProcessView } from '../../grpc/client.js';
import { type Command, type Session, UsageError } from '../command.js';
import type { Flags } from '../flags.js';
import { document, processJson } from '../render/json.js';
import { fullName } from '../render/names.js';
import { resultLine } from '../render/results.js';
import { leaveWait } from '../wait.js';

type Goal = 'ready' | 'running' | 'stopped';
const LOOK_EVERY_MS = 200;
/** EX_TEMPFAIL of sysexits.h: perhaps later. */
const TOO_LATE = 75;

export const wait: Command = {
  name: 'wait',
  summary: 'wait until processes are so far',
  help: [
    'wait NAME…             until each is ready; NAME as for status',
    '  --for WHAT           ready (the default), running, or stopped (nothing of it runs, however it ended)',
    '  --timeout SECONDS    give up after this long',
    '  --json               the processes as they are then, one array of objects',
    'Exits 0 when they are, 1 when one will not be by itself (FATAL, ended for good), 75 when the time is up.',
  ],
  flags: { '--for': 'value', '--json': 'switch', '--timeout': 'value' },
  reach: 'usual',
  completes: 'processes',
  async run(session, flags) {
    if (flags.words.length === 0)
      throw new UsageError('Error: wait requires a process name', { withHelp: true });
    const goal = goalOf(flags);
    const deadline = session.now() + secondsOf(flags) * 1000;
    for (;;) {
      const { processes, unknown } = await session.client().listProcesses({ targets: flags.words });
      if (unknown.length > 0) {
        for (const one of unknown) session.terminal.line(resultLine(one));
        return 1;
      }
      const left = processes.filter((one) => !isThere(one, goal));
      const lost = left.filter((one) => isLost(one, goal));
      const isOver = left.length === 0 || lost.length > 0;
      const isLate = session.now() >= deadline;
      if (isOver || isLate) return tell(session, flags, processes, left, isOver ? lost.length : TOO_LATE);
      await pause(LOOK_EVERY_MS, undefined, { signal: session.signal }).catch(() => {});
      if (session.signal.aborted) return leaveWait(session, left.map(fullName).join(', '), 'status');
    }
  },
};

function tell(
  { terminal }: Session,
  flags: Flags,
  all: readonly ProcessView[],
  left: readonly ProcessView[],
  outcome: number,
): number {
  if (flags.has('--json')) terminal.line(document(all.map(processJson)));
  for (const one of left) {
    const text = `${fullName(one)}: ${one.state}${one.description === '' ? '' : ` (${one.description})`}`;
    if (flags.has('--json')) terminal.hint(text);
    else terminal.line(text);
  }
  return outcome === 0 || outcome === TOO_LATE ? outcome : 1;
}

function isThere({ state, ready, pid }: ProcessView, goal: Goal): boolean {
  switch (goal) {
    case 'ready':
      return ready;
    case 'running':
      return state === 'RUNNING';
    case 'stopped':
      return pid === 0 && ['STOPPED', 'EXITED', 'FATAL'].includes(state);
    default:
      return goal satisfies never;
  }
}

/** Nothing that supd does by itself brings it there. */
function isLost({ state }: ProcessView, goal: Goal): boolean {
  if (goal === 'stopped') return state === 'UNKNOWN';
  return ['STOPPED', 'EXITED', 'FATAL', 'UNKNOWN'].includes(state);
}

function goalOf(flags: Flags): Goal {
  const word = flags.value('--for') ?? 'ready';
  if (word === 'ready' || word === 'running' || word === 'stopped') return word;
  throw new UsageError(`Error: --for ${word}: expected ready, running or stopped`);
}

function secondsOf(flags: Flags): number {
  const word = flags.value('--timeout');
  if (word === undefined) return Number.POSITIVE_INFINITY;
  if (/^\d+(\.\d+)?$/.test(word)) return Number(word);
  throw new UsageError(`Error: --timeout ${word}: expected a number of seconds`);
}
