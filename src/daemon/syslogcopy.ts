/** What a process writes to its log, line by line to syslog too. */
import { Lines } from '../logs/lines.js';
import { tellSyslog } from '../os/syslog.js';
import type { Heard } from './output.js';

/** What receivers take as one message: rsyslog's 8 KiB less a header. */
const LINE_BYTES = 8000;
/** LOG_INFO. */
const SEVERITY = 6;

/** @param heard  who else is told; undefined: nobody */
export function withSyslog(heard: Heard | undefined, process: string): Heard {
  // Under the name that log filters know, `<process name> <line>`.
  const prefix = Buffer.from(`${process} `);
  const tell = (line: Buffer) => tellSyslog('supervisord', SEVERITY, Buffer.concat([prefix, line]));
  const lines = new Lines(tell, LINE_BYTES);
  return { ...heard, written: (bytes) => lines.take(bytes), ended: () => lines.end() };
}
