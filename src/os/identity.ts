/** Who a process is and what it may do, read from proc(5). A process that is gone is `undefined`, never an error. */
import { statSync } from 'node:fs';
import type { Identity, Limit } from '../core/identity.js';
import { libc } from './libc.js';
import { readProcFile } from './proc.js';

/** By bit: capabilities(7), linux/capability.h. */
const CAPABILITIES = (
  'chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service ' +
  'net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin ' +
  'sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override ' +
  'mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore'
).split(' ');

/** From /proc/PID/status, stat and limits. */
export function readIdentity(pid: number): Identity | undefined {
  const status = readProcFile(`/proc/${pid}/status`);
  const stat = readProcFile(`/proc/${pid}/stat`);
  const limits = readProcFile(`/proc/${pid}/limits`);
  const uids = numbers(status, /^Uid:(.*)$/m);
  if (!status || !stat || limits === undefined || uids.length !== 4) return undefined;
  // A zombie has no limits.
  const limit = (title: string): Limit => {
    const [, soft, hard] = new RegExp(`^${title} +(\\S+) +(\\S+)`, 'm').exec(limits) ?? [];
    return { soft: bound(soft), hard: bound(hard) };
  };
  return {
    uids,
    gids: numbers(status, /^Gid:(.*)$/m),
    groups: numbers(status, /^Groups:(.*)$/m).sort((a, b) => a - b),
    capabilities: capabilitiesOf(/^CapPrm:\s+(\S+)/m.exec(status)?.[1] ?? '0'),
    noNewPrivileges: /^NoNewPrivs:\s+1/m.test(status),
    // Field 19; the name before may hold anything, so it counts from the last parenthesis.
    nice: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]),
    umask: Number.parseInt(/^Umask:\s+(\d+)/m.exec(status)?.[1] ?? '0', 8),
    limits: {
      nofile: limit('Max open files'),
      nproc: limit('Max processes'),
      core: limit('Max core file size'),
      memlock: limit('Max locked memory'),
    },
  };
}

/** The words of its command line as it is now; empty for a zombie and in the middle of an exec. */
export function readCommandLine(pid: number): readonly string[] | undefined {
  const text = readProcFile(`/proc/${pid}/cmdline`);
  return text?.split('\0').slice(0, -1);
}

const getxattr = libc('long getxattr(const char *path, const char *name, void *value, size_t size)');

/** Does the file that it executes give more rights than its starter has: setuid, setgid, file capabilities? */
export function gainsByItsFile(pid: number): boolean {
  const file = `/proc/${pid}/exe`;
  try {
    if ((statSync(file).mode & 0o6000) !== 0) return true;
  } catch {
    return false;
  }
  return getxattr(file, 'security.capability', null, 0) > 0;
}

function capabilitiesOf(mask: string): readonly string[] {
  const bits = BigInt(`0x${mask}`);
  const named = CAPABILITIES.filter((_, bit) => (bits >> BigInt(bit)) & 1n);
  const unnamed = bits >> BigInt(CAPABILITIES.length);
  return unnamed === 0n ? named : [...named, `others (0x${unnamed.toString(16)})`];
}

function bound(text: string | undefined): number {
  return text === undefined || text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text);
}

function numbers(text: string | undefined, line: RegExp): number[] {
  const found = text === undefined ? undefined : line.exec(text)?.[1];
  return (found ?? '').split(/\s+/).filter(Boolean).map(Number);
}
