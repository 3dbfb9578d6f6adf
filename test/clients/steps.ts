/** What a scenario is made of. A step acts on a side; what it says is compared, `undefined` says nothing. */
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { until } from '../helpers/until.js';
import type { DepartureName } from './departures.js';
import { normalised, sortedLines, textOf } from './normal.js';
import { runCtl } from './quick-ctl.js';
import { ask, callFor } from './rpc.js';
import { environmentOf, inState, type Running, run, type Side } from './side.js';

export interface Step {
  readonly name: string;
  readonly departs?: DepartureName;
  readonly act: (side: Side) => Promise<string | readonly Part[] | undefined>;
}

/** One of several things that a step says. */
export interface Part {
  readonly name: string;
  readonly text: string;
}

const ASK = path.resolve(import.meta.dirname, '../../../test/clients/ask.py');

interface How {
  /** What is typed; nothing otherwise. */
  readonly input?: string;
  /** The order of lines is nobody's promise. */
  readonly sorted?: boolean;
}

/** Runs supervisorctl on the side's configuration, or without it where the words say `-c`. */
export function ctl(line: string, how: How = {}): Step {
  return said(`supervisorctl ${line}`, async (side) => {
    const [, ...words] = ctlWords(side, line);
    const text = textOf(side, await runCtl(side.dir, environmentOf(side), words, how.input ?? ''));
    return how.sorted ? sortedLines(text) : text;
  });
}

/** Many commands, one after the other. */
export function ctls(...lines: readonly string[]): readonly Step[] {
  return lines.map((line) => ctl(line));
}

/** A step at which supd departs. */
export function departing(departs: DepartureName, step: Step): Step {
  return { ...step, departs };
}

/** Python's own client evaluates these on the daemon's socket: see ask.py. */
export function asks(...lines: readonly string[]): Step {
  return asksAt(['unix://@DIR@/ctl.sock'], ...lines);
}

/** The same at another place. @param at  URL, and user and password if it wants them */
export function asksAt(at: readonly string[], ...lines: readonly string[]): Step {
  return said(`ask ${lines.join('; ')}`, async (side) => {
    const input = lines.map((line) => `${filled(side, line)}\n`).join('');
    const [first = '', ...answers] = textOf(side, await run(side, askWords(side, at), input).answer).split(
      /^>>> /m,
    );
    if (first !== '' || answers.length !== lines.length) throw new Error(`${first}${answers.join('')}`);
    return answers.map((text) => ({ name: text.slice(0, text.indexOf('\n')), text }));
  });
}

/** The same in the background. */
export function beginAsking(name: string, line: string): Step {
  return quiet(`begin to ask ${line}`, async (side) => {
    side.background.set(
      name,
      run(side, askWords(side, ['unix://@DIR@/ctl.sock']), `${filled(side, line)}\n`),
    );
  });
}

/** Starts a command that goes on while the scenario does. */
export function begin(name: string, line: string): Step {
  return quiet(`begin ${line}`, async (side) => {
    side.background.set(name, run(side, ctlWords(side, line)));
  });
}

export function types(name: string, text: string): Step {
  return quiet(`type ${text}`, async (side) => {
    running(side, name).child.stdin?.write(text);
  });
}

/** Waits until a background command has written this. */
export function shows(name: string, text: string): Step {
  return quiet(`${name} shows ${text}`, async (side) => {
    await until(`${name} of ${side.kind} to show "${text}" in "${running(side, name).output()}"`, () =>
      running(side, name).output().includes(text),
    );
  });
}

/** Waits until a background command has its answer, or the daemon says that it was asked. */
export function answered(name: string, asked: RegExp): Step {
  return quiet(`${name} is answered`, async (side) => {
    await until(
      `an answer to ${name}`,
      () => running(side, name).child.exitCode !== null || asked.test(side.read('main.log')),
    );
  });
}

/** Closes its stdin or sends the signal, and waits for its end. */
export function finished(
  name: string,
  how: { readonly signal?: NodeJS.Signals; readonly sorted?: boolean } = {},
): Step {
  return said(`end of ${name}`, async (side) => {
    const { child, answer } = running(side, name);
    if (how.signal) child.kill(how.signal);
    else child.stdin?.end();
    const text = textOf(side, await answer);
    return how.sorted ? sortedLines(text) : text;
  });
}

/** The same for a command that doesn't end by itself: what it has shown, once that holds `text`, and then its end. */
export function shown(name: string, text: string): Step {
  return said(`${name}, having shown ${text}`, async (side) => {
    const { child, answer, output } = running(side, name);
    await until(`${name} of ${side.kind} to show "${text}" in "${output()}"`, () => output().includes(text));
    child.kill('SIGKILL');
    return textOf(side, { ...(await answer), status: 0 });
  });
}

export function closes(name: string): Step {
  return quiet(`end of input for ${name}`, async (side) => {
    running(side, name).child.stdin?.end();
  });
}

/** Waits for the states of processes. */
export function states(wanted: Readonly<Record<string, string>>): Step {
  return quiet(`until ${JSON.stringify(wanted)}`, async (side) => {
    await Promise.all(Object.entries(wanted).map(([name, state]) => inState(side, name, state)));
  });
}

/** Waits until a file of the directory holds this text: NAME.out, main.log … */
export function holds(file: string, text: string | RegExp): Step {
  return quiet(`until ${file} holds ${String(text)}`, async (side) => {
    await until(`${String(text)} in ${file} of ${side.kind}`, () =>
      typeof text === 'string' ? side.read(file).includes(text) : text.test(side.read(file)),
    );
  });
}

export function writes(file: string, text: string | Uint8Array = ''): Step {
  return quiet(`write ${file}`, async (side) => writeFileSync(path.join(side.dir, file), text));
}

export function appends(file: string, text: string): Step {
  return quiet(`append to ${file}`, async (side) => appendFileSync(path.join(side.dir, file), text));
}

export function removes(file: string): Step {
  return quiet(`remove ${file}`, async (side) => rmSync(path.join(side.dir, file)));
}

export function configures(text: string): Step {
  return quiet('configure', async (side) => side.configure(text));
}

/** Calls a method for its effect alone. */
export function calls(method: string, ...params: readonly (string | boolean)[]): Step {
  return quiet(`call ${method} ${params.join(' ')}`, async (side) => callFor(side.socket, method, params));
}

/** Signals a process of the daemon from outside. */
export function signals(name: string, signal: NodeJS.Signals): Step {
  return quiet(`${signal} to ${name}`, async (side) => {
    const { pid } = await ask(side.socket, name);
    process.kill(pid, signal);
  });
}

export function signalsDaemon(signal: NodeJS.Signals): Step {
  return quiet(`${signal} to the daemon`, async (side) => {
    side.child.kill(signal);
  });
}

export const startsDaemon: Step = quiet('start the daemon', (side) => side.start());

export const daemonEnds: Step = said('the daemon ends', async (side) => `[${await side.ended()}]`);

/** What a file of the directory holds. */
export function content(file: string): Step {
  return said(`content of ${file}`, async (side) => normalised(side, side.read(file)));
}

function running(side: Side, name: string): Running {
  const found = side.background.get(name);
  if (!found) throw new Error(`nothing named "${name}" was begun`);
  return found;
}

function ctlWords(side: Side, line: string): readonly string[] {
  const words = filled(side, line).split(' ').filter(Boolean);
  const own = words.includes('-c') ? [] : ['-c', side.conf];
  return ['/usr/bin/supervisorctl', ...own, ...words];
}

function askWords(side: Side, at: readonly string[]): readonly string[] {
  return ['/usr/bin/python3', ASK, ...at.map((word) => filled(side, word))];
}

function filled(side: Side, text: string): string {
  return text.replaceAll('@HOST@', side.host).replaceAll('@DIR@', side.dir);
}

function said(name: string, act: Step['act']): Step {
  return { name, act };
}

function quiet(name: string, act: (side: Side) => Promise<void>): Step {
  return {
    name,
    act: async (side) => {
      await act(side);
      return undefined;
    },
  };
}
