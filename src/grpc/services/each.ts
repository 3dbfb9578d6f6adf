import type { Asked, HoldView } from '../../api/api.js';
import { openChannel } from '../../api/channel.js';

/** Each value of a stream, made into another as it comes. */
export async function* each<From, To>(
  values: AsyncIterable<From>,
  make: (value: From) => To,
): AsyncGenerator<To> {
  for await (const value of values) yield make(value);
}

/** The same, with the holds that are waited for in between, if the client wants to hear of them. */
export function eachWithHolds<From, To>(
  { asked, tellHolds }: { readonly asked: Asked; readonly tellHolds: boolean },
  call: (asked: Asked) => AsyncIterable<From>,
  make: (value: From) => To,
  makeHold: (hold: HoldView) => To,
): AsyncIterable<To> {
  if (!tellHolds) return each(call(asked), make);
  const channel = openChannel<To>();
  // Called at once: what is refused is refused by this very call.
  const values = call({ ...asked, onHold: (hold) => channel.push(makeHold(hold)) });
  return told(channel, values, make, asked.signal);
}

async function* told<From, To>(
  channel: ReturnType<typeof openChannel<To>>,
  values: AsyncIterable<From>,
  make: (value: From) => To,
  signal: AbortSignal | undefined,
): AsyncGenerator<To> {
  let failure: unknown;
  const go = async () => {
    for await (const value of values) channel.push(make(value));
  };
  go()
    .catch((error) => {
      failure = error;
    })
    .finally(() => channel.end());
  yield* channel.values(signal, () => {});
  if (failure !== undefined) throw failure;
}
