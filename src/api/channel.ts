/** Values that come one by one, to be awaited in a loop. */

export interface Channel<T> {
  push(value: T): void;
  /** No more will come. */
  end(): void;
  /** Until the end, or until `signal`: then it ends quietly. */
  values(signal: AbortSignal | undefined, onLeave: () => void): AsyncGenerator<T>;
}

export function openChannel<T>(): Channel<T> {
  const kept: T[] = [];
  let over = false;
  let wake: () => void = () => {};
  return {
    push: (value) => {
      kept.push(value);
      wake();
    },
    end: () => {
      over = true;
      wake();
    },
    values: async function* (signal, onLeave) {
      const leave = () => wake();
      signal?.addEventListener('abort', leave);
      try {
        while (!signal?.aborted) {
          if (kept.length > 0) yield kept.shift() as T;
          else if (over) return;
          else {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        }
      } finally {
        signal?.removeEventListener('abort', leave);
        onLeave();
      }
    },
  };
}
