/** Keys as they are pressed, without waiting for the end of a line. */
import type { Readable } from 'node:stream';

type Input = Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown };

/** undefined: nobody can press any. Ctrl-C is a key, too: \x03. */
export function keysOf(input: () => Input): ((signal: AbortSignal) => AsyncIterable<string>) | undefined {
  const source = input();
  return source.isTTY === true && source.setRawMode !== undefined
    ? (signal) => pressed(source, signal)
    : undefined;
}

async function* pressed(input: Input, signal: AbortSignal): AsyncGenerator<string, void, void> {
  const kept: string[] = [];
  let wake: () => void = () => {};
  const take = (bytes: Buffer) => {
    kept.push(...bytes.toString('utf8'));
    wake();
  };
  const stop = () => wake();
  input.setRawMode?.(true);
  input.on('data', take);
  signal.addEventListener('abort', stop);
  try {
    while (!signal.aborted) {
      const key = kept.shift();
      if (key !== undefined) yield key;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    signal.removeEventListener('abort', stop);
    input.off('data', take);
    input.pause();
    input.setRawMode?.(false);
  }
}
