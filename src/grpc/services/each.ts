/** Each value of a stream, made into another as it comes. */
export async function* each<From, To>(
  values: AsyncIterable<From>,
  make: (value: From) => To,
): AsyncGenerator<To> {
  for await (const value of values) yield make(value);
}
