/** Becoming another program, pipes, and what descriptors children inherit. */
import { closeSync, readdirSync, readFileSync } from 'node:fs';
import { check, libc } from './libc.js';

const execve = libc('int execve(const char *path, const char **argv, const char **envp)');
const fcntl = libc('int fcntl(int fd, int cmd, int value)');
const dup2 = libc('int dup2(int from, int to)');
const pipe2 = libc('int pipe2(_Out_ int *fds, int flags)');

const F_SETFD = 2;
const FD_CLOEXEC = 1;
const O_CLOEXEC = 0o2000000;

/**
 * Executes another program in this very process: same pid, same parent, same children. Returns only by throwing.
 * @throws Error with the errno's name as `code`
 */
export function replaceProcess(file: string, argv: readonly string[], env: readonly string[]): never {
  // Node marks even these as not to be inherited.
  for (const fd of [0, 1, 2]) fcntl(fd, F_SETFD, 0);
  check(execve(file, [...argv, null], [...env, null]), `execve ${file}`);
  throw new Error('execve returned');
}

/** Reading end, writing end; neither is inherited. */
export function makePipe(): readonly [number, number] {
  const fds = [0, 0];
  check(pipe2(fds, O_CLOEXEC), 'pipe2');
  return [fds[0] ?? -1, fds[1] ?? -1];
}

/** Puts `from` in the place of `to`, which children then inherit. */
export function redirect(from: number, to: number): void {
  check(dup2(from, to), `dup2 ${from} ${to}`);
}

export function markNotInherited(fd: number): void {
  keepInherited(fd, false);
}

/** Does what is executed next have this descriptor? */
export function keepInherited(fd: number, isKept: boolean): void {
  check(fcntl(fd, F_SETFD, isKept ? 0 : FD_CLOEXEC), `fcntl ${fd}`);
}

/** Closes what supd's own parent left open for it and what our children would inherit in turn; `except` these do not. */
export function closeInherited(except: readonly number[]): void {
  for (const fd of except) markNotInherited(fd);
  for (const name of readdirSync('/proc/self/fd')) {
    const fd = Number(name);
    if (fd <= 2 || except.includes(fd)) continue;
    try {
      const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0';
      if ((Number.parseInt(flags, 8) & O_CLOEXEC) === 0) closeSync(fd);
    } catch {
      // The descriptor of the directory itself, closed by now.
    }
  }
}
