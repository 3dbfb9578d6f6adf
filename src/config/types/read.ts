/** What a reader of values gives and needs. */
import type { Surroundings } from '../config.js';

export type Read<T> =
  /** `note`: a warning about a value that is accepted all the same. */
  | { readonly ok: true; readonly value: T; readonly note?: string }
  /** `why`: what is wrong and what would be right. */
  | { readonly ok: false; readonly why: string };

export interface ReadContext {
  readonly surroundings: Surroundings;
  /** compat=strict. */
  readonly strict: boolean;
  /** Relative paths start here: the daemon's working directory. */
  readonly base: string;
}

export type Reader<T> = (text: string, context: ReadContext) => Read<T>;

export function accept<T>(value: T, note?: string): Read<T> {
  return note === undefined ? { ok: true, value } : { ok: true, value, note };
}

export function refuse(why: string): { readonly ok: false; readonly why: string } {
  return { ok: false, why };
}
