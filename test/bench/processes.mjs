// What the kernel says of the daemons and their children, by proc(5). A process that is gone has no children, no time.
import { readFileSync } from 'node:fs';

// USER_HZ: what proc(5) counts time in; 100 on every Linux that Node runs on.
const TICKS_PER_SECOND = 100;

/** The children's pids, zombies too. */
export function childrenOf(pid) {
  return (read(`/proc/${pid}/task/${pid}/children`) ?? '').split(' ').filter(Boolean).map(Number);
}

/** The name of what the process executes: its parent's until exec(2). */
export function commandOf(pid) {
  return read(`/proc/${pid}/comm`)?.trimEnd();
}

/** User and system time of all threads, in seconds, ended children not counted. */
export function cpuSecondsOf(pid) {
  const fields = statOf(pid);
  return fields ? (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND : 0;
}

/** VmRSS in MB (of 1,048,576 bytes). */
export function residentMegabytes(pid) {
  return Number(/^VmRSS:\s*(\d+) kB/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1] ?? 0) / 1024;
}

/** Is it there, and not a zombie? */
export function isAlive(pid) {
  const state = statOf(pid)?.[0];
  return state !== undefined && state !== 'Z' && state !== 'X';
}

/** Fields of /proc/PID/stat from the state on. The name before it may hold anything, parentheses too. */
function statOf(pid) {
  const text = read(`/proc/${pid}/stat`);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ');
}

function read(file) {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return undefined;
  }
}
