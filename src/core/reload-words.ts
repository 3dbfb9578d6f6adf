/** How a program is made to read its files again. Types only. */

/** Commands are split into words as a program's own. */
export interface ReloadSpec {
  /** Must exit 0 first. */
  readonly check?: string;
  readonly by:
    | { readonly kind: 'signal'; readonly signal: number }
    | { readonly kind: 'command'; readonly command: string };
}
