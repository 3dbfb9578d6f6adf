/** One daemon of a comparison, supervisord or supd, in a directory of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Test } from 'tap';
import { type Answer, clear, makeDirectory, section } from '../helpers/place.js';
import { until } from '../helpers/until.js';
import { ask, isServing } from './rpc.js';

export type Kind = 'supervisord' | 'supd' | 'supd strict';

export interface Side {
  readonly kind: Kind;
  readonly dir: string;
  readonly conf: string;
  readonly socket: string;
  /** A loopback address that no other side has. */
  readonly host: string;
  /** The daemon's own; a new one after `start`. */
  child: ChildProcess;
  /** Commands that go on in the background, by name. */
  readonly background: Map<string, Running>;
  configure(text: string): void;
  /** Starts the daemon and waits until it serves. */
  start(): Promise<void>;
  /** Waits for the end of the daemon. */
  ended(): Promise<number>;
  /** A file of the directory, or '' while there is none. */
  read(name: string): string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly answer: Promise<Answer>;
  /** What it has written to stdout until now. */
  output(): string;
}

const root = path.resolve(import.meta.dirname, '../../..');
let sides = 0;

/** @param text  the configuration; @HOST@ in it stands for the side's address */
export async function openSide(t: Test, kind: Kind, text: string, as: readonly string[] = []): Promise<Side> {
  const dir = makeDirectory();
  const conf = path.join(dir, 'supervisord.conf');
  const socket = path.join(dir, 'ctl.sock');
  sides += 1;
  const host = `127.${(process.pid >> 16) & 255}.${(process.pid >> 8) & 255}.${process.pid & 255}:${9000 + sides}`;
  const side: Side = {
    kind,
    dir,
    conf,
    socket,
    host,
    child: undefined as unknown as ChildProcess, // until start()
    background: new Map(),
    configure: (changed) =>
      writeFileSync(conf, `${daemonSections(kind)}${changed}`.replaceAll('@HOST@', host)),
    start: async () => {
      const bin = kind === 'supervisord' ? '/usr/bin/supervisord' : path.join(root, 'bin/supd');
      side.child = launch(side, [...as, bin, '-n', '-c', conf]);
      let told = '';
      for (const stream of [side.child.stdout, side.child.stderr])
        stream?.on('data', (bytes: Buffer) => {
          told += bytes.toString();
        });
      await until(`${kind} to serve`, async () => {
        if (side.child.exitCode !== null) return true;
        return isServing(socket);
      });
      if (side.child.exitCode !== null) throw new Error(`${kind} ended with ${side.child.exitCode}: ${told}`);
    },
    ended: async () => {
      await until(`${kind} to end`, () => side.child.exitCode !== null || side.child.signalCode !== null);
      return side.child.exitCode ?? -1;
    },
    read: (name) => {
      const file = path.join(dir, name);
      return existsSync(file) ? readFileSync(file, 'utf8') : '';
    },
  };
  t.teardown(async () => {
    if (side.child?.exitCode === null) side.child.kill('SIGKILL');
    await clear(dir);
  });
  side.configure(text);
  await side.start();
  return side;
}

/** Waits until the process is in that state, as the daemon's own XML-RPC tells. */
export function inState(side: Side, name: string, state: string): Promise<true> {
  return until(`${name} of ${side.kind} to be ${state}`, async () => {
    const { statename: now } = await ask(side.socket, name);
    if (now === state) return true;
    throw new Error(`it is ${now}\n${side.read('main.log')}`);
  });
}

/** A client in the side's directory. Its stdin stays open unless `input` is all there is to type. */
export function run(side: Pick<Side, 'dir'>, words: readonly string[], input?: string): Running {
  const child = launch(side, words);
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.setEncoding('utf8').on('data', (piece: string) => {
      texts[name] += piece;
    });
  child.stdin?.on('error', () => {});
  if (input !== undefined) child.stdin?.end(input);
  const answer = new Promise<Answer>((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve({ status: code ?? -1, ...texts }));
  });
  return { child, answer, output: () => texts.stdout };
}

/** Nothing of the test's own environment, and one language and zone for all. */
export function environmentOf({ dir }: Pick<Side, 'dir'>): Readonly<Record<string, string>> {
  return { PATH: process.env.PATH ?? '', HOME: dir, TZ: 'UTC', LC_ALL: 'C.UTF-8', SUPD_TEST: dir };
}

function launch({ dir }: Pick<Side, 'dir'>, words: readonly string[]): ChildProcess {
  const [file = '', ...args] = words;
  const env = environmentOf({ dir });
  // A session of its own: no terminal to ask for a password.
  return spawn(file, args, { cwd: dir, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
}

/** Supervisord passes over the keys that it doesn't know, so both read one text. */
function daemonSections(kind: Kind): string {
  return (
    section('supervisord', {
      logfile: '%(here)s/main.log',
      pidfile: '%(here)s/daemon.pid',
      childlogdir: '%(here)s',
      identifier: 'side',
      rundir: '%(here)s/run',
      statedir: '%(here)s/state',
      compat: kind === 'supd strict' ? 'strict' : 'supd',
    }) +
    section('unix_http_server', { file: '%(here)s/ctl.sock' }) +
    section('supervisorctl', { serverurl: 'unix://%(here)s/ctl.sock' })
  );
}
