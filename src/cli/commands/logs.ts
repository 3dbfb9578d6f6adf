import { CallFailure, type Channel, type ProcessView } from '../../grpc/client.js';
import { type Command, type Session, UsageError } from '../command.js';
import { LinePrefixer, lastLines } from '../prefix.js';
import { ndjson } from '../render/json.js';
import { fullName } from '../render/names.js';
import { resultLine } from '../render/results.js';
import { drain } from '../wait.js';

export const logs: Command = {
  name: 'logs',
  summary: 'show or follow logs of several processes',
  help: [
    'logs NAME…             the last lines of both channels; several logs are told apart by a prefix',
    '  -f                   and what is added, until Ctrl-C',
    '  -n LINES             how many lines of each, 10 unless said',
    '  --stdout, --stderr   only this channel',
    '  --json               one object per line: name, group, channel, line',
  ],
  flags: { '-f': 'switch', '-n': 'value', '--stdout': 'switch', '--stderr': 'switch', '--json': 'switch' },
  reach: 'usual',
  completes: 'processes',
  async run(session, flags) {
    const { client, terminal, signal } = session;
    if (flags.words.length === 0) {
      throw new UsageError('Error: logs requires a process name', { withHelp: true });
    }
    const count = lineCount(flags.value('-n') ?? '10');
    const listed = await client().listProcesses({ targets: flags.words }, { signal });
    for (const unknown of listed.unknown) terminal.hint(resultLine(unknown));
    const only = channelOf(flags.has('--stdout'), flags.has('--stderr'));
    const sources = listed.processes.flatMap((one) => sourcesOf(one, only));
    const show = showerOf(session, sources, flags.has('--json'));
    const exits = flags.has('-f')
      ? await Promise.all(sources.map((one) => followOne(session, one, count, show)))
      : await eachInTurn(sources, (one) => showOne(session, one, count, show));
    return Math.max(listed.unknown.length > 0 ? 1 : 0, ...exits, 0);
  },
};

interface Source {
  readonly process: ProcessView;
  readonly channel: Channel;
}

/** Takes bytes of a log; without bytes: that log is at its end. */
type Show = (source: Source, content: Uint8Array | undefined) => Promise<void>;

function channelOf(stdout: boolean, stderr: boolean): Channel | undefined {
  if (stdout === stderr) return undefined;
  return stdout ? 'stdout' : 'stderr';
}

function sourcesOf(process: ProcessView, only: Channel | undefined): readonly Source[] {
  const channels: Channel[] = [];
  if (process.stdoutLogfile !== '') channels.push('stdout');
  if (process.stderrLogfile !== '') channels.push('stderr');
  return channels
    .filter((one) => only === undefined || one === only)
    .map((channel) => ({ process, channel }));
}

function lineCount(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new UsageError(`Error: -n ${text} is not a number of lines`);
}

/** The most that one answer holds, and more than the last lines of most logs. */
const historyBytes = 256 * 1024;

async function showOne(session: Session, source: Source, count: number, show: Show): Promise<number> {
  return reading(session, source, async () => {
    await showHistory(session, source, count, show);
    await show(source, undefined);
  });
}

async function showHistory(session: Session, source: Source, count: number, show: Show): Promise<void> {
  if (count === 0) return;
  const request = { name: idOf(source), channel: source.channel, offset: -historyBytes, length: 0 };
  const { content } = await session.client().readLog(request, { signal: session.signal });
  await show(source, lastLines(content, count));
}

/** History and what is added come from one stream, so that nothing is missed between them. */
async function followOne(session: Session, source: Source, count: number, show: Show): Promise<number> {
  return reading(session, source, async () => {
    const name = idOf(source);
    const { content: past } = await session
      .client()
      .readLog(
        { name, channel: source.channel, offset: -historyBytes, length: 0 },
        { signal: session.signal },
      );
    const history = count === 0 ? 0 : lastLines(past, count).length;
    const request = { name, channel: source.channel, historyBytes: history };
    const stream = session.client().followLog(request, { signal: session.signal });
    await drain(session, stream, (content) => show(source, content));
    await show(source, undefined);
  });
}

async function reading(session: Session, source: Source, read: () => Promise<void>): Promise<number> {
  try {
    await read();
    return 0;
  } catch (error) {
    if (!(error instanceof CallFailure)) throw error;
    if (error.code !== 'NO_FILE' && error.code !== 'BAD_NAME' && error.code !== 'FAILED') throw error;
    session.terminal.hint(`${fullName(source.process)}: ERROR (${error.message})`);
    return 1;
  }
}

function idOf({ process }: Source): string {
  return `${process.group}:${process.name}`;
}

function showerOf({ terminal }: Session, sources: readonly Source[], json: boolean): Show {
  const label = ({ process, channel }: Source) => {
    const several = sources.some((one) => one.process === process && one.channel !== channel);
    return fullName(process) + (several && channel === 'stderr' ? ' (stderr)' : '');
  };
  const width = Math.max(0, ...sources.map((one) => label(one).length));
  const prefixers = new Map<Source, LinePrefixer>();
  const processes = new Set(sources.map((one) => one.process));
  for (const [at, source] of sources.entries()) {
    const text = `${label(source).padEnd(width)} | `;
    const prefix = json || processes.size < 2 ? '' : terminal.color ? colored(text, at) : text;
    prefixers.set(source, new LinePrefixer(prefix));
  }
  return async (source, content) => {
    const lines = content ? prefixers.get(source)?.add(content) : prefixers.get(source)?.rest();
    if (!lines || lines.length === 0) return;
    await terminal.write(json ? asObjects(source, lines) : lines);
  };
}

function asObjects({ process, channel }: Source, lines: Buffer): string {
  const { name, group } = process;
  return lines
    .toString()
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => `${ndjson({ name, group, channel, line })}\n`)
    .join('');
}

const colors = [36, 33, 32, 35, 34, 31];

function colored(text: string, at: number): string {
  return `\x1b[${colors[at % colors.length]}m${text}\x1b[0m`;
}

async function eachInTurn<T>(
  items: readonly T[],
  act: (item: T) => Promise<number>,
): Promise<readonly number[]> {
  const exits: number[] = [];
  for (const item of items) exits.push(await act(item));
  return exits;
}
