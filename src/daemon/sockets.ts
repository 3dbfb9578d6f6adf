/** The sockets of FastCGI programs: one for all copies, open while one of them has it. */
import { closeSync } from 'node:fs';
import type { GroupSpec, ProcessState, SharedSocketSpec } from '../core/program.js';
import { findAccount, findGroup } from '../os/accounts.js';
import {
  duplicate,
  isListenerOf,
  ListenError,
  listenerOf,
  openListener,
  type TcpAddress,
  tryListener,
  type UnixAddress,
} from '../os/listen.js';
import type { Member } from '../os/tree.js';

interface Open {
  readonly fd: number;
  /** Ids of the processes that have it. */
  readonly holders: Set<string>;
}

/** States in which a process has the socket, or is about to. A restart at once keeps it, so that clients wait. */
const HOLDING: readonly ProcessState['name'][] = ['SPAWNING', 'STARTING', 'RUNNING', 'STOPPING', 'UNKNOWN'];

export class SharedSockets {
  readonly #told: (line: string) => void;
  readonly #open = new Map<string, Open>();

  constructor(told: (line: string) => void) {
    this.#told = told;
  }

  /**
   * A descriptor of the socket for this process, bound now if no other has it. The caller closes the descriptor.
   * @throws ListenError in words
   */
  take(id: string, socket: SharedSocketSpec): number {
    const url = urlOf(socket);
    let open = this.#open.get(url);
    if (!open) {
      this.#told(`Creating socket ${url}`);
      open = {
        fd: inWords(socket, () => openListener(addressOf(socket), socket.backlog)),
        holders: new Set(),
      };
      this.#open.set(url, open);
    }
    open.holders.add(id);
    return duplicate(open.fd);
  }

  /**
   * Takes for this process, which another supd started, the socket that it has.
   * @param main    where it may be had from: its own standard input
   * @param handed  and descriptors that were left to this supd
   * @returns whether it is there
   */
  recover(
    id: string,
    socket: SharedSocketSpec,
    main: Member | undefined,
    handed: readonly number[],
  ): boolean {
    const url = urlOf(socket);
    const open = this.#open.get(url);
    if (open) {
      open.holders.add(id);
      return true;
    }
    try {
      const address = addressOf(socket);
      const left = handed.find((fd) => isListenerOf(fd, address));
      const fd = left === undefined ? main && listenerOf(main, 0, address) : duplicate(left);
      if (fd === undefined) return false;
      this.#open.set(url, { fd, holders: new Set([id]) });
      return true;
    } catch {
      return false;
    }
  }

  /** Descriptors that keep the sockets open until another has taken them. */
  hold(): readonly number[] {
    return [...this.#open.values()].map(({ fd }) => duplicate(fd));
  }

  /** Closes what only processes have that are over by their state. A unix socket's file stays. */
  release(stateOf: (id: string) => ProcessState['name']): void {
    for (const [url, { fd, holders }] of this.#open) {
      for (const id of holders) if (!HOLDING.includes(stateOf(id))) holders.delete(id);
      if (holders.size > 0) continue;
      this.#told(`Closing socket ${url}`);
      closeSync(fd);
      this.#open.delete(url);
    }
  }

  /**
   * Whether the sockets of this group could be bound, tried before anything is changed.
   * @returns what is wrong, in words
   */
  check(group: GroupSpec): string | undefined {
    for (const { socket } of group.processes) {
      if (!socket || this.#open.has(urlOf(socket))) continue;
      try {
        inWords(socket, () => tryListener(addressOf(socket)));
      } catch (error) {
        return `[${group.kind}:${group.name}]: ${(error as Error).message}`;
      }
    }
    return undefined;
  }

  /** @throws Error in words: the first socket that could not be bound */
  checkAll(groups: readonly GroupSpec[]): void {
    for (const group of groups) {
      const wrong = this.check(group);
      if (wrong !== undefined) throw new ListenError(wrong);
    }
  }

  close(): void {
    this.release(() => 'STOPPED');
  }
}

function urlOf(socket: SharedSocketSpec): string {
  if (socket.kind === 'unix') return `unix://${socket.path}`;
  const host = socket.host.includes(':') ? `[${socket.host}]` : socket.host;
  return `tcp://${host}:${socket.port}`;
}

function addressOf(socket: SharedSocketSpec): UnixAddress | TcpAddress {
  if (socket.kind === 'tcp') return socket;
  return { kind: 'unix', path: socket.path, mode: socket.mode, ...ownerOf(socket) };
}

function ownerOf({ owner, user }: Extract<SharedSocketSpec, { kind: 'unix' }>): {
  uid?: number;
  gid?: number;
} {
  const [name = '', group] = (owner ?? user ?? '').split(':');
  if (name === '') return {};
  const account = findAccount(name);
  if (!account) throw new ListenError(`there is no user "${name}"`);
  const { uid } = account;
  if (owner === undefined) return uid === process.geteuid?.() ? {} : { uid, gid: account.gid };
  if (group === undefined) return { uid };
  const gid = findGroup(group);
  if (gid === undefined) throw new ListenError(`there is no group "${group}"`);
  return { uid, gid };
}

function inWords<T>(socket: SharedSocketSpec, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    throw new ListenError(`could not create FastCGI socket ${urlOf(socket)}: ${why}`);
  }
}
