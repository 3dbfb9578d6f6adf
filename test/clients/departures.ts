/**
 * Where supd answers otherwise than supervisord, on purpose. Each is at one step of a scenario; every other step must
 * be equal. `readme` is a piece of its line in README's "Where supd departs from supervisord".
 */
export interface Departure {
  readonly why: string;
  readonly supervisord: string | RegExp;
  readonly supd: string | RegExp;
  /** With compat=strict supd says what supervisord says; otherwise what supd says. */
  readonly strict: 'as supervisord' | 'as supd';
  readonly readme: string;
}

export const DEPARTURES: Readonly<Record<string, Departure>> = {};

export type DepartureName = string;
