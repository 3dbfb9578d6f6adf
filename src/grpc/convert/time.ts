/** google.protobuf.Timestamp and epoch milliseconds. */
import type { Millis } from '../../core/program.js';
import type { google } from '../gen/contract.js';

type Timestamp = google.protobuf.Timestamp.$Properties;

/** Undefined stays unset. Nanoseconds count forward from the second, before 1970 too. */
export function timeToWire(time: Millis | undefined): Timestamp | undefined {
  if (time === undefined) return undefined;
  const seconds = Math.floor(time / 1000);
  return { seconds, nanos: Math.round((time - seconds * 1000) * 1e6) };
}

/** Epoch milliseconds, whole; unset is undefined. */
export function timeFromWire(stamp: Timestamp | null | undefined): Millis | undefined {
  if (!stamp) return undefined;
  return Number(stamp.seconds ?? 0) * 1000 + Math.round((stamp.nanos ?? 0) / 1e6);
}

/** The property when it has a value: optional properties are absent, never undefined. */
export function present<K extends string, V>(key: K, value: V | null | undefined): { [P in K]?: V } {
  return value === null || value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}
