/** Tells the service manager how it goes: sd_notify(3), one datagram to the socket in NOTIFY_SOCKET. */
import { sendDatagram } from './datagram.js';

/**
 * Sends the assignments, "READY=1" and such, each on its line. Does nothing without a manager to tell.
 * @returns whether it was sent
 */
export function notifyManager(target: string | undefined, ...assignments: readonly string[]): boolean {
  if (!target || !(target.startsWith('/') || target.startsWith('@'))) return false;
  return sendDatagram(target, assignments.join('\n'));
}
