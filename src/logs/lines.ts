/** Output in pieces, as reads happen to cut it -> whole lines. */

const NEWLINE = 0x0a;

export class Lines {
  readonly #tell: (line: Buffer) => void;
  readonly #maxBytes: number;
  /** A line that has begun. */
  #begun: Buffer = Buffer.alloc(0);

  /**
   * @param tell      takes each line without its newline, before it returns
   * @param maxBytes  longer lines are told in pieces of at most this length, cut between UTF-8's characters
   */
  constructor(tell: (line: Buffer) => void, maxBytes: number) {
    this.#tell = tell;
    this.#maxBytes = maxBytes;
  }

  take(bytes: Buffer): void {
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      this.#tellLine(this.#join(bytes.subarray(start, end)));
      start = end + 1;
    }
    if (start === bytes.length) return;
    this.#begun = this.#tellFull(this.#join(bytes.subarray(start)));
  }

  /** Nobody will end the line that has begun. */
  end(): void {
    if (this.#begun.length > 0) this.#tellLine(this.#join(Buffer.alloc(0)));
  }

  /** Takes away the line that has begun. */
  rest(): Buffer {
    return this.#join(Buffer.alloc(0));
  }

  #join(piece: Buffer): Buffer {
    const begun = this.#begun;
    this.#begun = Buffer.alloc(0);
    // A copy: the memory that was read into is used again.
    return begun.length === 0 ? Buffer.from(piece) : Buffer.concat([begun, piece]);
  }

  #tellLine(line: Buffer): void {
    const rest = this.#tellFull(line);
    if (rest.length > 0 || line.length === 0) this.#tell(rest);
  }

  /** @returns what is not longer than the bound */
  #tellFull(line: Buffer): Buffer {
    let rest = line;
    while (rest.length > this.#maxBytes) {
      const end = characterEnd(rest, this.#maxBytes);
      this.#tell(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
    return rest;
  }
}

/** The last place up to `at` that is not inside a character; `at` itself when these are no characters. */
function characterEnd(bytes: Buffer, at: number): number {
  for (let end = at; end > at - 4 && end > 0; end -= 1)
    if (((bytes[end] as number) & 0xc0) !== 0x80) return end;
  return at;
}
