/** The interactive mode: status first, then command after command until Ctrl-D. Always exits 0, as supervisorctl. */
import type { Readable } from 'node:stream';
import type { Ask, Session } from './command.js';
import { complete } from './complete.js';
import { splitLine } from './flags.js';
import { Hideable } from './hideable.js';
import { LineSource } from './lines.js';
import { runCommand } from './run.js';
import type { Stream } from './terminal.js';
import { endOfWait } from './wait.js';

export type Interaction = Omit<Session, 'signal' | 'ask' | 'lines' | 'keys' | 'leave'> & {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Stream;
  /** With what separates it from the line: "supervisor> ". */
  readonly prompt: string;
  /** undefined: lines are forgotten at the end. */
  readonly historyFile: string | undefined;
};

const historyLines = 1000;

export async function interact(interaction: Interaction): Promise<number> {
  const { createInterface } = await import('node:readline');
  const { input, output, prompt, historyFile, terminal } = interaction;
  const history = await readHistory(historyFile);
  const shown = new Hideable(output);
  const reader = createInterface({
    input,
    output: shown,
    terminal: input.isTTY === true && output.isTTY === true,
    history: [...history],
    historySize: historyLines,
    completer: (line: string, answer: (error: null, result: [string[], string]) => void) => {
      void complete(interaction, line).then((result) => answer(null, result));
    },
  });
  let kept: readonly string[] = history;
  let asking = false;
  reader.on('history', (lines: string[]) => {
    // Answers are no commands, and one of them may be a password.
    if (asking) lines.shift();
    kept = [...lines];
  });
  const lines = new LineSource(reader);
  let left = false;
  let running: AbortController | undefined;
  reader.on('SIGINT', () => {
    if (running) running.abort();
    else reader.close();
  });

  const show = (text: string) => {
    // Its input may have ended with lines to come: then Node 24's readline takes nothing more.
    if (lines.ended) output.write(text);
    else {
      reader.setPrompt(text);
      reader.prompt();
    }
  };
  const ask: Ask = async (question, { hidden = false } = {}) => {
    show(question);
    asking = true;
    shown.hidden = hidden;
    try {
      return (await lines.next(terminal.closed)) ?? '';
    } finally {
      asking = false;
      shown.hidden = false;
    }
  };
  const act = async (words: readonly string[]) => {
    running = new AbortController();
    const session: Session = {
      ...interaction,
      signal: endOfWait(running.signal, terminal.closed),
      ask,
      lines: (signal) => lines.until(signal),
      keys: undefined,
      leave: () => {
        left = true;
      },
    };
    try {
      await runCommand(session, words);
    } finally {
      running = undefined;
    }
  };

  try {
    await act(['status']);
    while (!left && !terminal.closed.aborted) {
      show(prompt);
      const line = await lines.next(terminal.closed);
      if (line === undefined) {
        terminal.line('');
        break;
      }
      const words = splitLine(line);
      if (words.length > 0) await act(words);
    }
  } finally {
    reader.close();
    await writeHistory(historyFile, kept);
  }
  return 0;
}

/** Newest first, as readline has them; the file has them oldest first. None when it cannot be read. */
async function readHistory(file: string | undefined): Promise<readonly string[]> {
  if (file === undefined) return [];
  const { readFile } = await import('node:fs/promises');
  const text = await readFile(file, 'utf8').catch(() => '');
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.reverse().slice(0, historyLines);
}

/** A history that cannot be kept is no reason to complain at the end of a session. */
async function writeHistory(file: string | undefined, lines: readonly string[]): Promise<void> {
  if (file === undefined) return;
  const { writeFile } = await import('node:fs/promises');
  const text = [...lines].reverse().map((line) => `${line}\n`);
  await writeFile(file, text.join(''), { mode: 0o600 }).catch(() => {});
}
