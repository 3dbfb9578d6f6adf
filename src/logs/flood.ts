/**
 * Rounds over all flooding pumps. Waiting a little between two reads makes one large read of many tiny writes;
 * reading by turns, for a few milliseconds at a time, leaves the event loop to everybody else.
 */

export interface Flooder {
  /**
   * One read into `buffer`, which all share, and through the sink.
   * @param isCrowd  more flood than there are processors for them: their time is what counts
   * @returns bytes read; 0: empty, it has left the round; -1: its sink takes nothing now
   */
  gulp(buffer: Buffer, isCrowd: boolean): number;
}

const CHUNK_BYTES = 256 * 1024;
/** What one turn of the event loop may spend on floods. */
const TURN_MS = 2;
/**
 * A read that brought this much was worth its cost: no pause is needed to gather more. Less than a pipe holds, which
 * is 64,000 bytes when lines of 100 fill its pages: its writer stands still until it is read.
 */
const WORTH_BYTES = 32 * 1024;
const PAUSE_MS = 2;
/** Rounds in which nobody had anything get rarer up to this: floods are over, or their writers have no processor. */
const LONGEST_PAUSE_MS = 16;

const CROWD = 4;
/** Looking at the clock costs a tenth of a read. */
const READS_PER_LOOK = 4;

const flooders: Flooder[] = [];
/** Whose turn it is: round robin, whoever had a read comes after those that have not. */
let next = 0;
let buffer: Buffer | undefined;
let isArmed = false;
let pauseMs = PAUSE_MS;

export const flood = {
  join(flooder: Flooder): void {
    flooders.push(flooder);
    if (!isArmed) pause();
  },
  leave(flooder: Flooder): void {
    const index = flooders.indexOf(flooder);
    if (index < 0) return;
    flooders.splice(index, 1);
    if (index < next) next -= 1;
  },
};

function pause(): void {
  isArmed = true;
  setTimeout(turn, pauseMs);
}

function turn(): void {
  isArmed = false;
  buffer ??= Buffer.allocUnsafeSlow(CHUNK_BYTES);
  const end = performance.now() + TURN_MS;
  const isCrowd = flooders.length >= CROWD;
  let isWorth = false;
  let isEmpty = true;
  let isOver = false;
  for (let reads = 1, round = flooders.length; reads <= round && flooders.length > 0; reads += 1) {
    if (next >= flooders.length) next = 0;
    const flooder = flooders[next] as Flooder;
    next += 1;
    const count = flooder.gulp(buffer, isCrowd);
    if (count >= WORTH_BYTES) isWorth = true;
    if (count !== 0) isEmpty = false;
    if (reads % READS_PER_LOOK === 0 && performance.now() >= end) {
      isOver = true;
      break;
    }
  }
  pauseMs = isEmpty ? Math.min(2 * pauseMs, LONGEST_PAUSE_MS) : PAUSE_MS;
  if (flooders.length === 0) return;
  if (isOver || isWorth) {
    isArmed = true;
    setImmediate(turn);
  } else pause();
}
