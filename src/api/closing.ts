/** Most calls have no answer any more once supd is on its way out. */
import type { Daemon } from '../daemon/daemon.js';
import { SupdError } from './errors.js';

/** @throws SupdError SHUTTING_DOWN */
export function refuseIfClosing(daemon: Daemon): void {
  if (daemon.engine.world.mode !== 'running') throw new SupdError('SHUTTING_DOWN', 'supd is shutting down');
}
