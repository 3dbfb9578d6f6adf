/** `restart --rolling`: a line for each phase of each process, and whether all of them came through. */
import { CallFailure, type RollingProgress } from '../grpc/client.js';
import { type Session, UsageError } from './command.js';
import type { Flags, FlagTable } from './flags.js';
import { ndjson } from './render/json.js';
import { fullName } from './render/names.js';
import { drain, leaveWait } from './wait.js';

export const rollFlags: FlagTable = {
  '--rolling': 'switch',
  '--max-unavailable': 'value',
  '--cancel': 'switch',
};

export const rollFlagsHelp: readonly string[] = [
  '  --rolling            one after the other (GROUP means all of it), each when the one before runs and has its visitors',
  '                       back; the first failure ends it (exit status 1), and what was not begun is left as it is',
  '  --max-unavailable N  with --rolling: so many at a time, but never all of them',
  '  --cancel             end the rolling restart that is under way, after those that are restarted just now',
];

const OVER: readonly string[] = ['SHUTTING_DOWN', 'LOST'];

/** Waits for the end unless --no-wait says otherwise. */
export async function roll(session: Session, flags: Flags): Promise<number> {
  const targets = flags.words;
  if (targets.length === 0)
    throw new UsageError('Error: restart requires a process name', { status: 1, withHelp: true });
  const noWait = flags.has('--no-wait');
  const reason = flags.value('--reason');
  const request = {
    targets,
    maxUnavailable: count(flags.value('--max-unavailable') ?? '1'),
    noWait,
    force: flags.has('--force'),
    ...(reason === undefined ? {} : { reason }),
  };
  let exit = 0;
  const progress = session.client().rollProcesses(request, { signal: session.signal });
  const ended = await drain(session, tellingOfItsEnd(session, progress), async (one) => {
    if (one.phase === 'failed' || one.phase === 'untouched') exit = 1;
    if (one.phase === 'waiting' && one.message === '' && !flags.has('--json')) return;
    await session.terminal.write(`${flags.has('--json') ? ndjson(one) : lineOf(one)}\n`);
  });
  if (!ended) {
    session.terminal.hint(
      `supctl: to end it after those that are restarted just now: ${session.again('restart --cancel')}`,
    );
    return leaveWait(session, `the rolling restart of ${targets.join(', ')}`, 'status');
  }
  if (noWait && !flags.has('--json')) session.terminal.line(`${targets.join(', ')}: rolling restart begun`);
  return exit;
}

/** Where supd ends, or dies, or is upgraded, the roll ends with it: what becomes of each is said. */
async function* tellingOfItsEnd(
  { terminal, signal, again }: Session,
  progress: AsyncIterable<RollingProgress>,
): AsyncGenerator<RollingProgress> {
  try {
    yield* progress;
  } catch (error) {
    const isOver = error instanceof CallFailure && OVER.includes(error.code);
    if (isOver && !signal.aborted)
      terminal.hint(
        `supctl: the rolling restart ends with this supd: what was begun comes to its end, the rest is left as it was; see: ${again('status')}`,
      );
    throw error;
  }
}

/** `restart --cancel`. */
export async function cancelRolling({ client, signal, terminal }: Session, flags: Flags): Promise<number> {
  if (flags.words.length > 0)
    throw new UsageError('Error: restart --cancel takes no names: there is one rolling restart at most', {
      status: 1,
    });
  const reason = flags.value('--reason');
  const rest = await client().cancelRolling(reason === undefined ? {} : { reason }, { signal });
  if (flags.has('--json')) {
    terminal.line(ndjson(rest));
    return 0;
  }
  const of = (names: readonly string[]) => names.join(', ') || 'none';
  terminal.line(`finishing: ${of(rest.finishing)}`);
  terminal.line(`left as they are: ${of(rest.untouched)}`);
  return 0;
}

function lineOf(one: RollingProgress): string {
  const name = fullName(one);
  const why = one.message === '' ? '' : ` (${one.message})`;
  switch (one.phase) {
    case 'failed':
      return `${name}: ERROR (${one.message})`;
    case 'waiting':
      return `${name}: ${one.message || 'waiting'}`;
    case 'warming':
      return `${name}: warming up`;
    case 'passed':
      return `${name}: left as it is${why}`;
    case 'untouched':
      return `${name}: left as it was`;
    case 'draining':
    case 'stopping':
    case 'starting':
    case 'joining':
    case 'restarted':
      return `${name}: ${one.phase}`;
    default:
      return one.phase satisfies never;
  }
}

function count(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 10_000) return number;
  throw new UsageError(`Error: --max-unavailable "${text}" can't be; right is 1 or more`, {
    status: 1,
  });
}
