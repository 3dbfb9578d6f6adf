/** What a follower may wait for. */
export interface Growth {
  /**
   * Calls `listener` after every change of the file: bytes added, rotated, emptied, reopened.
   * @returns ends it
   */
  onGrowth(listener: () => void): () => void;
  /** How often the file has been emptied in place; tells a reader whose offset may look right and isn't. */
  readonly truncations: number;
  /** How often its head has been moved to `.1` while the rest stayed in place, and how many bytes that were in all. */
  readonly cuts?: number;
  readonly takenBytes?: number;
  /** That is happening: what is where can't be told. */
  readonly isCutting?: boolean;
}
