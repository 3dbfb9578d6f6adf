/**
 * Length-prefixed messages of gRPC: a flag byte, four bytes of length, the message.
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
import { CallFailure } from '../api/failure.js';

/** One message on its way out, not compressed. */
export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(HEAD + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, HEAD);
  return framed;
}

/** Cuts what arrives into messages. */
export class Unframer {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #have = 0;
  #need = HEAD;

  /** @param maxBytes  a longer message is TOO_MUCH */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The messages that are whole with this chunk. @throws CallFailure TOO_MUCH, BROKEN (compressed, not asked for) */
  push(chunk: Buffer): Buffer[] {
    this.#parts.push(chunk);
    this.#have += chunk.length;
    // Joined only when something can be cut: many small chunks of a long message must not be copied each time.
    if (this.#have < this.#need) return [];
    let rest = this.#parts.length === 1 ? chunk : Buffer.concat(this.#parts);
    const messages: Buffer[] = [];
    for (;;) {
      this.#need = rest.length < HEAD ? HEAD : HEAD + this.#lengthOf(rest);
      if (rest.length < this.#need) break;
      messages.push(rest.subarray(HEAD, this.#need));
      rest = rest.subarray(this.#need);
    }
    this.#parts = rest.length > 0 ? [rest] : [];
    this.#have = rest.length;
    return messages;
  }

  /** Is a message begun and not whole? */
  get torn(): boolean {
    return this.#have > 0;
  }

  #lengthOf(head: Buffer): number {
    if (head[0] !== 0) throw new CallFailure('BROKEN', 'the answer is compressed, which was not asked for');
    const length = head.readUInt32BE(1);
    if (length > this.#maxBytes)
      throw new CallFailure('TOO_MUCH', `an answer of ${length} bytes; at most ${this.#maxBytes} are taken`);
    return length;
  }
}

const HEAD = 5;
