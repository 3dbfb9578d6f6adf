/** Those who ask a supd for things, all at once and without rest until they are told to leave. */
import { setMaxListeners } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '../../src/api/client.js';
import { CallFailure, connect } from '../../src/grpc/client.js';
import { connectXmlRpc } from '../../src/xmlrpc/client.js';
import { attack, callHeaders, frame, TYPE } from '../helpers/http2-frames.js';
import type { Supd } from '../helpers/start-supd.js';
import { visit } from '../web/visit.js';
import type { Random } from './random.js';
import { configuration, JOBS, NAMES, READERS, WRITERS } from './site.js';

export interface Crowd {
  /** Resolves when everybody has gone. @returns what each kind of them did, and what went wrong */
  leave(): Promise<{ readonly deeds: ReadonlyMap<string, number>; readonly wrong: readonly string[] }>;
}

/** One deed. What it opens it closes. */
type Deed = (to: Target) => Promise<unknown>;

interface Target {
  readonly supd: Supd;
  readonly random: Random;
  /** Aborted when it is time to leave. */
  readonly over: AbortSignal;
  readonly socketPath: string;
  readonly httpPath: string;
}

/** Who there is: how many, what they do, and how long they rest at most. */
const KINDS: readonly {
  readonly name: string;
  readonly count: number;
  readonly restMs: number;
  readonly deed: Deed;
}[] = [
  { name: 'operators', count: 3, restMs: 400, deed: (to) => once(to, to.socketPath, operate) },
  { name: 'operators by XML-RPC', count: 1, restMs: 800, deed: operateByXmlRpc },
  { name: 'people at the page', count: 1, restMs: 800, deed: browse },
  { name: 'visitors', count: 3, restMs: 500, deed: (to) => once(to, to.socketPath, look) },
  { name: 'followers', count: 6, restMs: 200, deed: (to) => once(to, to.socketPath, follow) },
  { name: 'followers who read nothing', count: 2, restMs: 1000, deed: followBlindly },
  { name: 'people at a shell', count: 1, restMs: 6000, deed: ({ supd }) => supd.told('status') },
  { name: 'intruders', count: 1, restMs: 2000, deed: intrude },
  { name: 'editors', count: 1, restMs: 20_000, deed: edit },
];

/** What a client is told of programs that others start and stop meanwhile; anything else is a fault of supd's. */
const USUAL = ['NOT_RUNNING', 'ALREADY_RUNNING', 'ALREADY_ADDED', 'STILL_RUNNING', 'BAD_NAME', 'NO_FILE'];

export function gather(supd: Supd, random: Random): Crowd {
  const leaving = new AbortController();
  // Everybody listens.
  setMaxListeners(100, leaving.signal);
  const deeds = new Map<string, number>();
  const wrong: string[] = [];
  const live = async ({ name, restMs, deed }: (typeof KINDS)[number], own: Random) => {
    const to: Target = {
      supd,
      random: own,
      over: leaving.signal,
      socketPath: path.join(supd.dir, 'run/supd.sock'),
      httpPath: path.join(supd.dir, 'http.sock'),
    };
    while (!leaving.signal.aborted) {
      await deed(to).catch((error) => {
        if (!isUsual(error) && !leaving.signal.aborted) wrong.push(`${name}: ${describe(error)}`);
      });
      deeds.set(name, (deeds.get(name) ?? 0) + 1);
      await pause(own.whole(0, restMs), undefined, { signal: leaving.signal }).catch(() => undefined);
    }
  };
  const all = KINDS.flatMap((kind) => Array.from({ length: kind.count }, () => live(kind, random.fork())));
  return {
    leave: async () => {
      leaving.abort();
      await Promise.all(all);
      return { deeds, wrong };
    },
  };
}

function isUsual(error: unknown): boolean {
  if (!(error instanceof CallFailure)) return false;
  // It has just ended, or others have the processor and its pipe is full meanwhile.
  return USUAL.includes(error.code) || / does not read its standard input/.test(error.message);
}

function describe(error: unknown): string {
  return error instanceof CallFailure ? `${error.code}: ${error.message}` : String((error as Error).stack);
}

/** With a connection of its own. */
async function once(to: Target, socketPath: string, deed: (client: Client, to: Target) => Promise<unknown>) {
  const client = connect(socketPath);
  try {
    await deed(client, to);
  } finally {
    client.close();
  }
}

/** A change that anybody may ask for. */
async function operate(client: Client, { random }: Target): Promise<void> {
  const name = random.one(NAMES);
  const targets = [name];
  const reason = 'soak';
  const deeds: readonly (() => Promise<unknown>)[] = [
    () => drain(client.restartProcesses({ targets, reason })),
    () => drain(client.restartProcesses({ targets, noWait: true })),
    async () => {
      await drain(client.stopProcesses({ targets, reason }));
      await drain(client.startProcesses({ targets, reason }));
    },
    // Too soon for a stop that takes its time.
    async () => {
      await drain(client.stopProcesses({ targets, noWait: true }));
      await drain(client.startProcesses({ targets }));
    },
    () => client.signalProcesses({ targets, signal: random.one(['TERM', 'KILL', 'HUP']) }),
    () => client.writeStdin({ name: random.one(READERS), chars: Buffer.from('hello\n'.repeat(50)) }),
    () => client.clearLogs({ targets: [random.one(WRITERS.filter((one) => one.startsWith('floods')))] }),
    () => client.reopenLogs(),
    () => drain(client.runJob({ job: random.one(JOBS) })),
    () => client.cancelRun({ job: random.one(JOBS) }),
  ];
  await random.one(deeds)();
}

async function operateByXmlRpc({ httpPath, random }: Target): Promise<void> {
  const client = connectXmlRpc({ kind: 'unix', path: httpPath }, undefined);
  await client.listProcesses();
  await client.listConfigurations();
  const targets = [random.one(NAMES)];
  await drain(client.restartProcesses({ targets, reason: 'soak' }));
  await readFor(random.whole(100, 1000), (signal) =>
    client.followLog({ name: random.one(WRITERS) }, { signal }),
  );
}

/** Whose buttons are refused where others do something to the same program; what comes is a page in any case. */
async function browse({ httpPath, random }: Target): Promise<void> {
  const visitor = visit({ path: httpPath });
  const name = random.one(NAMES);
  for (const path of ['/', `/tail.html?processname=${name}&limit=50000`]) {
    const { status } = await visitor.get(path);
    if (status !== 200) throw new Error(`${path}: ${status}`);
  }
  const told = await visitor.press(random.one([`restart ${name}`, 'refresh']), { reason: 'soak' });
  if (told === '') throw new Error(`${name}: the page says nothing`);
}

async function look(client: Client, { random }: Target): Promise<void> {
  await client.listProcesses({ withIdentity: true });
  await client.explainProcess({ name: random.one(NAMES) });
  await client.getDaemon();
  await client.listJobs();
  await client.listRuns({ job: random.one(JOBS) });
  await client.previewSchedule({ count: 20 });
  await client.readLog({ name: random.one(WRITERS), offset: -50_000 });
}

async function follow(client: Client, { random }: Target): Promise<void> {
  const forMs = random.whole(100, 8000);
  const streams = [
    (signal: AbortSignal) =>
      client.followLog({ name: random.one(WRITERS), historyBytes: 10_000 }, { signal }),
    (signal: AbortSignal) => client.watchEvents({}, { signal }),
    (signal: AbortSignal) => client.readRunLog({ job: random.one(JOBS), follow: true }, { signal }),
  ];
  await readFor(forMs, random.one(streams));
}

async function followBlindly({ socketPath, httpPath, random }: Target): Promise<void> {
  const socket = attack(socketPath).pause();
  const name = Buffer.from(random.one(WRITERS));
  const message = Buffer.concat([Buffer.from([0, 0, 0, 0, name.length + 2, 0x0a, name.length]), name]);
  socket.write(frame(TYPE.headers, 4, 1, callHeaders('/supd.v1.ProcessService/FollowLog')));
  socket.write(frame(TYPE.data, 1, 1, message));
  const http = net
    .connect(httpPath)
    .on('error', () => undefined)
    .pause();
  http.write(`GET /logtail/${String(name)} HTTP/1.1\r\n\r\n`);
  await pause(random.whole(100, 3000));
  socket.destroy();
  http.destroy();
}

/** What is no request at all, and leaves in the middle. */
async function intrude({ socketPath, httpPath, random }: Target): Promise<void> {
  const pieces = [
    'GET / HTTP/1.1\r\n\r\n',
    '\0'.repeat(9000),
    'PRI * HTT',
    'POST /RPC2 HTTP/1.1\r\nContent-Length: 9\r\n',
  ];
  for (const at of [socketPath, httpPath]) {
    const socket = net
      .connect(at)
      .on('error', () => undefined)
      .resume();
    socket.write(random.one(pieces));
    await pause(random.whole(0, 500));
    socket.destroy();
  }
}

let variant = 0;

/** Another configuration, and the daemon told of it. */
async function edit({ supd }: Target): Promise<void> {
  variant += 1;
  supd.configure(configuration(variant));
  await supd.client.rereadConfiguration();
  await drain(supd.client.updateGroups());
}

async function readFor(ms: number, open: (signal: AbortSignal) => AsyncIterable<unknown>): Promise<void> {
  const leaving = new AbortController();
  const timer = setTimeout(() => leaving.abort(), ms);
  try {
    await drain(open(leaving.signal));
  } catch (error) {
    if (!leaving.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
}

export async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}
