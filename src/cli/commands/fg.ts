import { CallFailure, type Channel, type ProcessView } from '../../grpc/client.js';
import { type Command, type Session, UsageError } from '../command.js';
import { drain } from '../wait.js';

export const fg: Command = {
  name: 'fg',
  summary: 'talk to a process in the foreground',
  help: [
    'fg NAME                shows both its channels and sends it what you type; Ctrl-C leaves it running',
    '  --reason TEXT        why, for the log of supd',
  ],
  flags: { '--reason': 'value' },
  reach: 'usual',
  completes: 'processes',
  async run(session, flags) {
    const [name, more] = flags.words;
    if (name === undefined) throw new UsageError('ERROR: no process name supplied', { withHelp: true });
    if (more !== undefined) throw new UsageError('ERROR: too many process names supplied');
    const one = await find(session, name);
    if (one.state !== 'RUNNING') throw new UsageError('ERROR: process not running');
    session.terminal.line('==> Press Ctrl-C to exit <==');
    const died = await stay(session, name, one, flags.value('--reason'));
    session.terminal.line(died ? 'Process got killed\nExiting foreground' : 'Exiting foreground');
    return 0;
  },
};

async function find({ client, signal }: Session, name: string): Promise<ProcessView> {
  try {
    return await client().getProcess({ name }, { signal });
  } catch (error) {
    if (!(error instanceof CallFailure && error.code === 'BAD_NAME')) throw error;
    throw new UsageError('ERROR: bad process name supplied');
  }
}

/** Until the process has died (true), or the input ends or Ctrl-C comes (false). */
async function stay(
  session: Session,
  name: string,
  one: ProcessView,
  reason: string | undefined,
): Promise<boolean> {
  const over = new AbortController();
  const within: Session = { ...session, signal: AbortSignal.any([session.signal, over.signal]) };
  const parts = [died(within, one), typed(within, name, reason), show(within, name, 'stdout')];
  // With redirect_stderr there is no such log.
  if (one.stderrLogfile !== '') parts.push(show(within, name, 'stderr'));
  const first = parts.map((part) => part.finally(() => over.abort()));
  return (await Promise.all(first)).includes(true);
}

async function show(session: Session, name: string, channel: Channel): Promise<boolean> {
  const stream = session.client().followLog({ name, channel, historyBytes: 0 }, { signal: session.signal });
  await drain(session, stream, (content) => session.terminal.write(content));
  return false;
}

/** True once the process has left RUNNING, be it before anybody watched. */
async function died(session: Session, one: ProcessView): Promise<boolean> {
  try {
    return await diedByEvent(session, one);
  } catch (error) {
    if (!(error instanceof CallFailure && error.code === 'NOT_OFFERED')) throw error;
    return await diedByLook(session, one);
  }
}

async function diedByEvent(session: Session, one: ProcessView): Promise<boolean> {
  let gone = false;
  const events = session.client().watchEvents({}, { signal: session.signal });
  const watching = drain(session, events, (watched) => {
    if (watched.kind !== 'event') return undefined;
    const { name, group, type } = watched.event;
    gone = name === one.name && group === one.group && leftRunning.has(type);
    return gone ? 'enough' : undefined;
  });
  // Asked after the watch, over the same connection: an end before it shows here, one after it there.
  const watched = watching.then(() => gone);
  return Promise.race([watched, isGone(session, one).then((before) => before || watched)]);
}

async function isGone(session: Session, one: ProcessView): Promise<boolean> {
  try {
    const now = await session.client().getProcess({ name: `${one.group}:${one.name}` }, session);
    return now.pid !== one.pid || now.state !== 'RUNNING';
  } catch (error) {
    if (!(error instanceof CallFailure)) throw error;
    return error.code === 'BAD_NAME';
  }
}

const lookEveryMs = 1000;

/** XML-RPC tells of no events: the process is asked for again and again. */
async function diedByLook({ client, signal }: Session, one: ProcessView): Promise<boolean> {
  const { setTimeout: pause } = await import('node:timers/promises');
  const name = `${one.group}:${one.name}`;
  for (;;) {
    await pause(lookEveryMs, undefined, { signal }).catch(() => {});
    // Not by the signal: a look is short, and ended in the middle it would be a failure.
    if (signal.aborted) return false;
    const { state, pid } = await client().getProcess({ name });
    if (state !== 'RUNNING' || pid !== one.pid) return true;
  }
}

const leftRunning: ReadonlySet<string> = new Set(
  ['STOPPING', 'STOPPED', 'EXITED', 'BACKOFF', 'FATAL', 'UNKNOWN'].map((state) => `PROCESS_STATE_${state}`),
);

/** Sends each typed line until the input ends. True when the process was no longer there to take one. */
async function typed(session: Session, name: string, reason: string | undefined): Promise<boolean> {
  const encoder = new TextEncoder();
  const why = reason === undefined ? {} : { reason };
  try {
    for await (const line of session.lines(session.signal)) {
      const request = { name, chars: encoder.encode(`${line}\n`), ...why };
      await session.client().writeStdin(request, { signal: session.signal });
    }
  } catch (error) {
    if (!(error instanceof CallFailure)) throw error;
    if (error.code === 'NOT_RUNNING') return true;
    if (error.code !== 'CANCELLED') throw error;
  }
  return false;
}
