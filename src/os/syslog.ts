/** The system's log: RFC 3164 messages to /dev/log, as syslog(3) sends them. */
import { sendDatagram } from './datagram.js';

/** LOG_USER. */
const FACILITY = 1;

/**
 * Sends one call per line.
 * @param severity  0 (emergency) to 7 (debug)
 * @param ident     names the program
 */
export function tellSyslog(ident: string, severity: number, text: string): void {
  const priority = FACILITY * 8 + severity;
  for (const line of text.split('\n'))
    sendDatagram('/dev/log', `<${priority}>${ident}[${process.pid}]: ${line}`);
}
