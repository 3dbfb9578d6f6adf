import type { ProcessView } from '../../grpc/client.js';
import { type Command, countOf, type Session, UsageError } from '../command.js';
import type { Flags } from '../flags.js';
import { ndjson, processJson } from '../render/json.js';
import { SORTS, type Sort, sorted, topLines } from '../render/top.js';

const EVERY_MS = 2000;
/** The first sample of processor time needs a while to be compared with. */
const FIRST_MS = 1000;
const HIDE_CURSOR = '\x1b[?1049h\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

export const top: Command = {
  name: 'top',
  summary: 'watch what processes use',
  help: [
    'top                    processor time and memory of each program with all that descends from it, until q',
    'top NAME…              these; NAME as for status',
    '  --sort WHAT          cpu (the default), memory, uptime, restarts or name; keys c, m, u, r, n do the same',
    '  -n COUNT             so many tables, then end',
    '  --once               one table; so it is when the output is no terminal',
    '  --json               each table as one line: an array of objects, as status --json has them',
  ],
  flags: { '--json': 'switch', '--once': 'switch', '--sort': 'value', '-n': 'value' },
  reach: 'usual',
  completes: 'processes',
  async run(session, flags) {
    const sort = sortOf(flags);
    const { terminal, keys } = session;
    const count = flags.has('--once') ? 1 : countOf(flags);
    if (!terminal.isScreen || keys === undefined || count > 0 || flags.has('--json'))
      return plainly(session, flags, sort, count || 1);
    return lively(session, flags, sort, keys);
  },
};

/** Table after table, as a file takes them. */
async function plainly(session: Session, flags: Flags, sort: Sort, count: number): Promise<number> {
  const look = () =>
    session.client().listProcesses({ targets: targetsOf(flags) }, { signal: session.signal });
  await look();
  for (let left = count; left > 0 && !session.signal.aborted; left -= 1) {
    await sleep(left === count ? FIRST_MS : EVERY_MS, session.signal);
    const { processes, unknown } = await look();
    if (flags.has('--json')) session.terminal.line(ndjson(sorted(processes, sort).map(processJson)));
    else {
      for (const line of topLines(processes, sort)) session.terminal.line(line);
      if (left > 1) session.terminal.line('');
    }
    for (const { name } of unknown) session.terminal.hint(`${name}: ERROR (no such process)`);
    if (unknown.length > 0) return 1;
  }
  return 0;
}

async function lively(
  session: Session,
  flags: Flags,
  first: Sort,
  keys: NonNullable<Session['keys']>,
): Promise<number> {
  const { terminal, client } = session;
  const over = new AbortController();
  const signal = AbortSignal.any([session.signal, over.signal]);
  let sort = first;
  let processes: readonly ProcessView[] = [];
  let wake: () => void = () => {};
  const draw = () => terminal.write(screenOf(topLines(processes, sort), terminal.size()));
  const typed = (async () => {
    for await (const key of keys(signal)) {
      if (key === 'q' || key === '\x03') break;
      sort = SORTS.find(({ key: one }) => one === key) ?? sort;
      await draw();
      wake();
    }
    over.abort();
  })();
  await terminal.write(HIDE_CURSOR);
  try {
    for (let ms = FIRST_MS; !signal.aborted; ms = EVERY_MS) {
      // Not by the signal: a look is short, and ended in the middle it would be a failure.
      ({ processes } = await client().listProcesses({ targets: targetsOf(flags) }));
      await draw();
      await Promise.race([sleep(ms, signal), new Promise<void>((resolve) => (wake = () => resolve()))]);
    }
  } finally {
    over.abort();
    await typed;
    await terminal.write(SHOW_CURSOR);
  }
  return 0;
}

function screenOf(lines: readonly string[], { columns, rows }: { columns: number; rows: number }): string {
  const shown = lines.slice(0, rows - 1).map((line) => [...line].slice(0, columns).join(''));
  return `${HOME}${shown.map((line) => `${line}${CLEAR_LINE}\r\n`).join('')}${CLEAR_BELOW}`;
}

function targetsOf({ words }: Flags): readonly string[] {
  return words.includes('all') ? [] : words;
}

function sortOf(flags: Flags): Sort {
  const word = flags.value('--sort') ?? 'cpu';
  const sort = SORTS.find(({ name }) => name === word);
  if (sort) return sort;
  throw new UsageError(`Error: --sort ${word}: expected ${SORTS.map(({ name }) => name).join(', ')}`);
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  const { setTimeout: pause } = await import('node:timers/promises');
  await pause(ms, undefined, { signal }).catch(() => {});
}
