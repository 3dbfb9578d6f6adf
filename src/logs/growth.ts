/** What a follower may wait for. */
export interface Growth {
  /**
   * Calls `listener` after every change of the file: bytes added, rotated, emptied, reopened.
   * @returns ends it
   */
  onGrowth(listener: () => void): () => void;
  /** How often the file has been emptied in place; tells a reader whose offset may look right and isn't. */
  readonly truncations: number;
}
