/** One option that differs, and how values are compared. */

export interface OptionChange {
  /** As it is written in a section: "stopwaitsecs", "environment LANG". */
  readonly option: string;
  /** As text; empty: not set. */
  readonly from: string;
  readonly to: string;
  /** What runs goes by it without being restarted. */
  readonly live: boolean;
}

/** Nothing where they are the same. */
export type Compare<V> = (before: V, after: V) => readonly OptionChange[];

export const LIVE = true;
export const RESTART = false;

export function isSame(before: unknown, after: unknown): boolean {
  return before === after || canonical(before) === canonical(after);
}

/** One option that is one value. */
export function option<V>(name: string, live: boolean, show: (value: V) => string = plain): Compare<V> {
  return (before, after) =>
    isSame(before, after) ? [] : [{ option: name, from: show(before), to: show(after), live }];
}

export function plain(value: unknown): string {
  return value === undefined ? '' : String(value);
}

/** The same text for equal values, whatever the order of their keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );
}
