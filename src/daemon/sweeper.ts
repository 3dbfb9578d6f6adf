/** Makes sure that nothing of a program is left: looks, signals, looks again until it is gone. */
import {
  groupExists,
  hasOrphans,
  isFrom,
  type Member,
  Snapshot,
  signalMembers,
  signalTreeByPs,
  type Tag,
} from '../os/tree.js';

/** Between two looks. */
const LOOK_MS = 20;
/** A scan is good for those that ended before it, for as long. */
const FRESH_MS = 5;

export interface SweeperParts {
  /** Is this pid the main process of a program or a step? */
  readonly isLeader: (pid: number) => boolean;
}

export class Sweeper {
  readonly #parts: SweeperParts;
  readonly #sweeps = new Map<number, NodeJS.Timeout>();
  readonly #asked: ((orphans: boolean) => void)[] = [];
  #asking: NodeJS.Immediate | undefined;
  #snapshot: { readonly taken: Snapshot; readonly at: number } | undefined;

  constructor(parts: SweeperParts) {
    this.#parts = parts;
  }

  /** Is anything left of the program whose main process has just ended? The quick look: its process group. */
  hasGroup(pid: number): boolean {
    return groupExists(pid);
  }

  /**
   * The thorough look, in the next turn of the event loop: all that end in this one share a scan of /proc, which
   * is only needed when somebody is there to be found.
   * @param tell  is anything left?
   */
  askLeftover(pid: number, tag: Tag, tell: (isLeft: boolean) => void): void {
    this.#asked.push((orphans) => tell((orphans || groupExists(pid)) && this.leftover(pid, tag).length > 0));
    this.#asking ??= setImmediate(() => {
      this.#asking = undefined;
      this.#forget();
      const orphans = hasOrphans(this.#parts.isLeader);
      for (const ask of this.#asked.splice(0)) ask(orphans);
    });
  }

  /** What is left of a program whose main process has ended: also what left the group, by setsid or a double fork. */
  leftover(pid: number, tag: Tag): readonly Member[] {
    // Seen before this very process ended: what it left was still its own child then.
    if (this.#snapshot?.taken.saw(pid)) this.#forget();
    return this.#look().leftover(pid, this.#parts.isLeader, (orphan) => isFrom(orphan, tag));
  }

  /** Signals all that is left and calls `swept` once, when nothing is. Called again it only signals again. */
  sweep(pid: number, tag: Tag, signal: number, swept: () => void): void {
    signalMembers(this.leftover(pid, tag), signal);
    clearTimeout(this.#sweeps.get(pid));
    const again = () => {
      this.#forget();
      if (this.leftover(pid, tag).length > 0) {
        this.#sweeps.set(pid, setTimeout(again, LOOK_MS));
        return;
      }
      this.#sweeps.delete(pid);
      swept();
    };
    this.#sweeps.set(pid, setTimeout(again, 1));
  }

  /** Signals a live process's whole tree, children first, then itself. */
  signalTree(pid: number, signal: number): void {
    this.#forget();
    try {
      const members = this.#look().descendants(pid);
      signalMembers(members, signal);
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
      void signalTreeByPs(pid, signal);
    }
  }

  close(): void {
    clearImmediate(this.#asking);
    for (const timer of this.#sweeps.values()) clearTimeout(timer);
    this.#sweeps.clear();
  }

  /** One scan serves all that ended before it and are asked for within a moment. */
  #look(): Snapshot {
    const now = performance.now();
    if (!this.#snapshot || now - this.#snapshot.at > FRESH_MS) {
      this.#snapshot = { taken: new Snapshot(), at: now };
    }
    return this.#snapshot.taken;
  }

  #forget(): void {
    this.#snapshot = undefined;
  }
}
