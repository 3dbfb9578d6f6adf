/** What two daemons must differ in: process ids, times, directories, addresses. Everything else is compared. */
import type { Side } from './side.js';

export interface Said {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What supervisorctl may say when the thread in which `fg` reads a log is ended in the middle of a look at it. */
const ENDED_THREAD = /^.* Cannot connect, error: <class 'SystemExit'> \(.*\)\n/gm;

/** One text of what a command said: stdout, stderr if there is any, status. */
export function textOf(side: Side, said: Said): string {
  const stderr = said.stderr.replace(ENDED_THREAD, '');
  const errors = stderr === '' ? '' : `[stderr]\n${stderr}`;
  return normalised(side, `${said.stdout}${errors}[${said.status}]`);
}

export function normalised(side: Side, text: string): string {
  return (
    text
      .replaceAll(side.dir, 'DIR')
      .replaceAll(side.host, 'HOST')
      .replaceAll(side.host.split(':')[0] ?? '', 'ADDRESS')
      // supervisorctl's column of status, and whole lines of pid.
      .replace(/pid \d+, uptime (?:\d+ days?, )?\d+:\d\d:\d\d/g, 'pid PID, uptime UPTIME')
      .replace(/^((?:supervisor> )*)[1-9]\d*$/gm, '$1PID')
      .replace(/ \([1-9]\d*\):/g, ' (PID):')
      .replace(/\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d\d \d\d:\d\d [AP]M/g, 'DATE')
      // Python's dictionaries of getProcessInfo.
      .replace(/'(pid|start|stop|now)': [1-9]\d*/g, "'$1': NUMBER")
      .replace(/---side-[\w-]{8}\.log/g, '---side-RANDOM.log')
  );
}

export function sortedLines(text: string): string {
  return text.split('\n').sort().join('\n');
}
