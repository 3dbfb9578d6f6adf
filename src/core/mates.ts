/** Which processes do the same work, so that one serves while the other doesn't. */
import type { ProcessSpec } from './program.js';

/** Can it do the other's work? Copies, members of one group, and servers of one backend in HAProxy can. */
export function isMate(one: ProcessSpec, other: ProcessSpec): boolean {
  if (one.id === other.id) return false;
  if (one.group === other.group) return true;
  const [a, b] = [one.traffic?.haproxy, other.traffic?.haproxy];
  return a !== undefined && a.socket === b?.socket && a.backend === b.backend;
}
