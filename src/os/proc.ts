/** What the kernel says of a process, from proc(5). A process that is gone is `undefined`, never an error. */
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs';

export interface ProcStat {
  readonly pid: number;
  readonly state: string;
  readonly ppid: number;
  readonly pgid: number;
  readonly session: number;
  /** Clock ticks after boot (field 22): with the pid it names one process for the life of the machine. */
  readonly startTicks: number;
}

export interface Status {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups. */
  readonly groups: readonly number[];
  /** Resident. */
  readonly memoryBytes: number;
}

/** /proc/PID/stat. */
export function readStat(pid: number): ProcStat | undefined {
  const text = readProcFile(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The name may hold anything, parentheses too: fields count from the last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const at = (index: number) => Number(fields[index]);
  return { pid, state: fields[0] ?? '?', ppid: at(1), pgid: at(2), session: at(3), startTicks: at(19) };
}

/** What it has used: processor time, its own alone, in clock ticks, and resident memory in pages. */
export function readTimes(
  pid: number,
): { readonly startTicks: number; readonly cpuTicks: number; readonly residentPages: number } | undefined {
  const text = readProcFile(`/proc/${pid}/stat`);
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  if (!fields) return undefined;
  const at = (index: number) => Number(fields[index]);
  return { startTicks: at(19), cpuTicks: at(11) + at(12), residentPages: at(21) };
}

/**
 * How a zombie ended that nobody has reaped: the last field of its stat, which Linux shows to those who may trace it.
 * @returns wait(2)'s status word; undefined: it lives, it is gone, or it is another one by now
 */
export function readZombieStatus(pid: number, startTicks: number): number | undefined {
  const text = readProcFile(`/proc/${pid}/stat`);
  const fields = text
    ?.slice(text.lastIndexOf(')') + 2)
    .trimEnd()
    .split(' ');
  if (fields?.[0] !== 'Z' || Number(fields[19]) !== startTicks) return undefined;
  return Number(fields.at(-1));
}

/** One boot of this machine has one, another boot another: proc_sys_kernel(5), random/boot_id. */
export function readBootId(): string {
  return readProcFile('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
}

/**
 * How long all threads of a process have wanted a processor, in milliseconds: the time that they had one, and the time that
 * they waited for one (/proc/PID/task/TID/schedstat). On a machine that is overloaded that is much more than what they got.
 */
export function readWorkMs(pid: number): number {
  let nanoseconds = 0;
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const [ran = 0, waited = 0] = (readProcFile(`/proc/${pid}/task/${thread}/schedstat`) ?? '')
        .split(' ')
        .map(Number);
      nanoseconds += ran + waited;
    }
  } catch {
    // It has ended.
  }
  return nanoseconds / 1e6;
}

/** All processes that can be seen. */
export function readAllStats(): readonly ProcStat[] {
  const found: ProcStat[] = [];
  for (const name of readdirSync('/proc')) {
    const first = name.charCodeAt(0);
    if (first < 48 || first > 57) continue;
    const stat = readStat(Number(name));
    if (stat) found.push(stat);
  }
  return found;
}

/**
 * Our own children, zombies among them: those that we started, and orphans that became ours. Complete, although
 * proc(5) warns of this file: what it can miss is behind a child that is reaped meanwhile, and only we reap.
 * @returns undefined when this kernel doesn't tell
 */
export function readOwnChildren(): readonly number[] | undefined {
  try {
    const threads = readdirSync('/proc/self/task');
    const lists = threads.map((thread) => readFileSync(`/proc/self/task/${thread}/children`, 'latin1'));
    return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
  } catch {
    return undefined;
  }
}

const UID = /^Uid:\s+\d+\s+(\d+)/m;
const GID = /^Gid:\s+\d+\s+(\d+)/m;
const GROUPS = /^Groups:[ \t]*(.*)$/m;
const RESIDENT = /^VmRSS:\s+(\d+) kB/m;

/** Effective identity and resident memory, from /proc/PID/status. */
export function readStatus(pid: number): Status | undefined {
  const text = readProcFile(`/proc/${pid}/status`);
  const uid = text && UID.exec(text)?.[1];
  const gid = text && GID.exec(text)?.[1];
  if (!text || !uid || !gid) return undefined;
  const groups = (GROUPS.exec(text)?.[1] ?? '').split(' ').filter(Boolean).map(Number);
  // A zombie has no memory.
  const kilobytes = Number(RESIDENT.exec(text)?.[1] ?? 0);
  return { uid: Number(uid), gid: Number(gid), groups, memoryBytes: kilobytes * 1024 };
}

/** One variable of the environment a process was started with; undefined also when it may not be read. */
export function readVariable(pid: number, name: string): string | undefined {
  const entry = readProcFile(`/proc/${pid}/environ`)
    ?.split('\0')
    .find((one) => one.startsWith(`${name}=`));
  return entry === undefined
    ? undefined
    : Buffer.from(entry.slice(name.length + 1), 'latin1').toString('utf8');
}

/** Is one of these files (or FIFOs) one of its descriptors 0, 1 and 2? */
export function hasStandardFile(pid: number, paths: readonly string[]): boolean {
  const open = [0, 1, 2].flatMap((fd) => statOf(`/proc/${pid}/fd/${fd}`) ?? []);
  if (open.length === 0) return false;
  const files = paths.flatMap((path) => statOf(path) ?? []);
  return files.some(({ ino, dev }) => open.some((one) => one.ino === ino && one.dev === dev));
}

/** Paths of all files that living processes have open, as far as we may look. */
export function openFiles(): ReadonlySet<string> {
  const found = new Set<string>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      for (const fd of readdirSync(`/proc/${pid}/fd`)) found.add(readlinkSync(`/proc/${pid}/fd/${fd}`));
    } catch {
      // It has ended, or closed what we were about to look at, or is not ours to look at.
    }
  }
  return found;
}

/** Is this file one of those that it has open? */
export function hasFile(pid: number, path: string): boolean {
  return descriptorsOf(pid, path).length > 0;
}

/** Its descriptors of this file; none when it may not be asked. */
export function descriptorsOf(pid: number, path: string): readonly number[] {
  const file = statOf(path);
  if (!file) return [];
  const isOf = (fd: number) => {
    const open = statOf(`/proc/${pid}/fd/${fd}`);
    return open?.ino === file.ino && open.dev === file.dev;
  };
  try {
    return readdirSync(`/proc/${pid}/fd`).map(Number).filter(isOf);
  } catch {
    return [];
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** The soft limit of open files of a process. */
export function readNofileLimit(pid: number): number | undefined {
  const soft = /^Max open files\s+(\d+)/m.exec(readProcFile(`/proc/${pid}/limits`) ?? '')?.[1];
  return soft === undefined ? undefined : Number(soft);
}

const buffer = Buffer.alloc(16384);

/** Proc files say their size is 0; the first read gives all of what is read here. */
/** A file of proc(5), by a buffer that all share: Node's own read takes a new one each time. */
export function readProcFile(path: string): string | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    let text = '';
    for (let count = buffer.length; count === buffer.length; ) {
      count = readSync(fd, buffer, 0, buffer.length, null);
      text += buffer.toString('latin1', 0, count);
    }
    return text;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
