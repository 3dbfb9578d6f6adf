/** The real supd with real children, driven from outside. */
import type { ChildProcess } from 'node:child_process';
import { type Client, connect, type ProcessView, type ShownState } from '../../src/grpc/client.js';
import { type Answer, type Launch, makePlace, type Options, type Owner, type Place } from './place.js';
import { until } from './until.js';

export interface Supd extends Place {
  readonly child: ChildProcess;
  readonly pid: number;
  /** One connection to the control socket, kept open. */
  readonly client: Client;
  /** Runs supctl to its end. */
  readonly told: (...words: string[]) => Promise<Answer>;
  status(): Promise<readonly ProcessView[]>;
  /** Waits until the process is in that state. */
  state(name: string, state: ShownState): Promise<ProcessView>;
  /** Waits until it is RUNNING and has written this to NAME.out. */
  says(name: string, text: string | RegExp): Promise<string>;
  /** Waits for a line of the main log. */
  logs(text: string | RegExp): Promise<string>;
  /** Waits for the end of the daemon, after `signal` if one is given. */
  ended(signal?: NodeJS.Signals): Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

export interface Start extends Launch {
  /** Options of [supd]. */
  readonly daemon?: Options;
  /** Below the directory, instead of run/supd.sock. */
  readonly socket?: string;
  /** Instead of -n. */
  readonly flags?: readonly string[];
}

/** Starts `bin/supd -n` on a configuration of its own and waits until it serves. */
export async function startSupd(t: Owner, text: string, start: Start = {}): Promise<Supd> {
  return startIn(t, makePlace(t, text, start.daemon), start);
}

/** The same in a place that is there already. */
export async function startIn(t: Owner, place: Place, start: Start = {}): Promise<Supd> {
  const child = place.supd([...(start.flags ?? ['-n']), '-c', place.conf], start);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (more: string) => {
      output += more;
    });
  const exit = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  await until('supd to serve', () => {
    if (child.exitCode !== null || child.signalCode !== null) return true;
    return /started with pid \d+/.test(output);
  });
  if (child.exitCode !== null) throw new Error(`supd ended with ${child.exitCode}: ${output}`);
  const client = connect(`${place.dir}/${start.socket ?? 'run/supd.sock'}`);
  t.teardown(() => client.close());

  const status = async () => (await client.listProcesses()).processes;
  const search = (file: string, text: string | RegExp) =>
    until(`${String(text)} in ${file}`, () => {
      const found = place.read(file);
      return (typeof text === 'string' ? found.includes(text) : text.test(found)) && found;
    });
  return {
    ...place,
    child,
    pid: child.pid!,
    client,
    told: (...words) => place.ctl(words),
    status,
    state: (name, state) =>
      until(`${name} to be ${state}`, async () => {
        const one = await client.getProcess({ name });
        if (one.state === state) return one;
        throw new Error(`it is ${one.state}: ${one.description}\n${place.read('supd.log')}`);
      }),
    says: (name, text) => search(`${name}.out`, text),
    logs: (text) => search('supd.log', text),
    ended: (signal) => {
      if (signal) child.kill(signal);
      return exit;
    },
  };
}
