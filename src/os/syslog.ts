/** The system's log: messages to /dev/log as syslog(3) of glibc sends them, RFC 3164's format without the host. */
import { sendDatagram } from './datagram.js';

const SOCKET = '/dev/log';
/** LOG_USER. */
const FACILITY = 1;
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/**
 * Sends one message. A receiver that is gone or doesn't keep up costs the message, not the daemon.
 * @param ident     names the program
 * @param severity  0 (emergency) to 7 (debug)
 */
export function tellSyslog(ident: string, severity: number, message: string | Uint8Array): void {
  const header = `<${FACILITY * 8 + severity}>${stamp(new Date())} ${ident}: `;
  sendDatagram(SOCKET, Buffer.concat([Buffer.from(header), Buffer.from(message)]));
}

/** `Nov  6 10:35:01`, local time. */
function stamp(at: Date): string {
  const two = (part: number) => String(part).padStart(2, '0');
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return `${MONTHS[at.getMonth()]} ${String(at.getDate()).padStart(2)} ${clock}`;
}
