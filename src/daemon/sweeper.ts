/** Makes sure that nothing of a program is left: looks, signals, looks again until it is gone. */
import type { Exits } from '../os/exits.js';
import {
  groupExists,
  hasOrphans,
  isFrom,
  type Member,
  type Reach,
  Snapshot,
  signalMembers,
  signalTreeByPs,
  type Tag,
} from '../os/tree.js';

/** Between two looks. */
const LOOK_MS = 20;
/** A scan is good for those that ended before it, for as long. */
const FRESH_MS = 5;

/** What is known of main processes of programs and steps. */
export type SweeperParts = Pick<Exits, 'has' | 'signal' | 'amongForeign'>;

export class Sweeper {
  readonly #parts: SweeperParts;
  readonly #isLeader = (pid: number) => this.#parts.has(pid);
  readonly #sweeps = new Map<number, NodeJS.Timeout>();
  readonly #asked: ((orphans: boolean) => void)[] = [];
  #asking: NodeJS.Immediate | undefined;
  /** Main processes of which the kernel gives us no orphans, and how far one has to look for those. */
  readonly #strange = new Map<number, Exclude<Reach, 'own'>>();
  #snapshot: { readonly taken: Snapshot; readonly at: number } | undefined;

  constructor(parts: SweeperParts) {
    this.#parts = parts;
  }

  /** This one was started by a supd that is gone. */
  lookFurther(pid: number, reach: Exclude<Reach, 'own'>): void {
    this.#strange.set(pid, reach);
  }

  isStrange(pid: number): boolean {
    return this.#strange.has(pid);
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
    const mayBe = (orphans: boolean) => orphans || this.#strange.has(pid) || groupExists(pid);
    this.#asked.push((orphans) => tell(mayBe(orphans) && this.leftover(pid, tag).length > 0));
    this.#asking ??= setImmediate(() => {
      this.#asking = undefined;
      this.#forget();
      const orphans = hasOrphans(this.#isLeader);
      for (const ask of this.#asked.splice(0)) ask(orphans);
    });
  }

  /** What is left of a program whose main process has ended: also what left the group, by setsid or a double fork. */
  leftover(pid: number, tag: Tag): readonly Member[] {
    // Seen before this very process ended: what it left was still its own child then.
    if (this.#snapshot?.taken.saw(pid)) this.#forget();
    const isOurs = (orphan: number) => isFrom(orphan, tag);
    return this.#look().leftover(pid, this.#isLeader, isOurs, this.#strange.get(pid));
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
      this.#parts.signal(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
      void this.#parts.amongForeign(() => signalTreeByPs(pid, signal));
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
