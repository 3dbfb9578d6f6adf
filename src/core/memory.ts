/** How much a program may use. Types only. */

/** `max_memory` */
export interface MemorySpec {
  /** Of the program's tree; above it the program is restarted. */
  readonly maxBytes: number;
  /** Local minutes of the day between which that may be; the end may be before the begin. Undefined: always. */
  readonly quiet?: { readonly from: number; readonly to: number };
}
