/** Node's own threads for files and names. */
import { stat } from 'node:fs';

/** Starts them: Node does so with their first work, and aborts when there is no room for more processes then. */
export function startThreads(): void {
  stat('/', () => {});
}
