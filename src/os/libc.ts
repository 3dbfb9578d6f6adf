/**
 * The C functions that Node lacks, through koffi. Nothing outside src/os knows of koffi. Numbers are Linux's, the
 * structures glibc's on 64 bits. Each function is declared on its first call: koffi costs 8 ms to load.
 */
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import type koffi from 'koffi';

type Foreign = (...args: unknown[]) => number;

const require = createRequire(import.meta.url);
let koffiModule: typeof koffi | undefined;
let library: ReturnType<typeof koffi.load> | undefined;

/** koffi itself, loaded on first use. */
export function loadKoffi(): typeof koffi {
  koffiModule ??= require('koffi') as typeof koffi;
  return koffiModule;
}

/** A function of libc by its C prototype, declared once. */
export function libc(prototype: string): Foreign {
  let declared: Foreign | undefined;
  return (...args) => {
    library ??= loadKoffi().load('libc.so.6');
    declared ??= library.func(prototype) as unknown as Foreign;
    return declared(...args);
  };
}

/** The same, called in the thread pool: for what may wait for a disk. Its errno is lost. */
export function libcAsync(prototype: string): (...args: unknown[]) => Promise<unknown> {
  let declared: ReturnType<NonNullable<typeof library>['func']> | undefined;
  return (...args) => {
    library ??= loadKoffi().load('libc.so.6');
    declared ??= library.func(prototype);
    const call = declared;
    return new Promise((resolve, reject) => {
      call.async(...args, (error: unknown, result: unknown) => (error ? reject(error) : resolve(result)));
    });
  };
}

/** An errno in the words of strerror's name: "ENOENT". */
export function errorName(errno: number): string {
  const entry = Object.entries(constants.errno).find(([, value]) => value === errno);
  return entry ? entry[0] : `errno ${errno}`;
}

/** The last call's errno. */
export function lastErrno(): number {
  return loadKoffi().errno();
}

/** Throws an Error with `code` when a call answered -1. */
export function check(result: number, what: string): number {
  if (result !== -1) return result;
  const code = errorName(lastErrno());
  throw Object.assign(new Error(`${what}: ${code}`), { code });
}
