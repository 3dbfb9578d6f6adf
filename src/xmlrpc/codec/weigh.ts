/** How much room a value takes once it is written. */
import { isArray, type Value } from './value.js';

/** Tags round each value. */
const FRAME_BYTES = 40;

/** Roughly, in bytes. */
export function weigh(value: Value): number {
  if (typeof value === 'string') return FRAME_BYTES + value.length;
  if (value === null || typeof value !== 'object' || value instanceof Date) return FRAME_BYTES;
  if (value instanceof Uint8Array) return FRAME_BYTES + value.length * 2;
  if (isArray(value)) return value.reduce<number>((sum, one) => sum + weigh(one), FRAME_BYTES);
  return Object.entries(value).reduce(
    (sum, [name, one]) => sum + FRAME_BYTES + name.length + weigh(one),
    FRAME_BYTES,
  );
}
