/** How a process ended, from the word that the kernel says it in. */
import type { Exit } from '../core/program.js';

/** wait(2)'s status word. */
export function exitOf(status: number): Exit {
  const signal = status & 0x7f;
  if (signal === 0) return { code: (status >> 8) & 0xff };
  return { signal, core: (status & 0x80) !== 0 };
}
