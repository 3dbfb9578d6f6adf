/** Probes of sockets: somebody accepts there; a ZEO server says that it is well. */
import net from 'node:net';

/** What came of it; `isLate`: nothing did, in time. */
export type Attempted =
  | { readonly ok: true }
  | { readonly ok: false; readonly why: string; readonly isLate?: true };

/** How one probe is made: within `timeoutMs`, or until `signal`. Never rejects. */
export interface Attempt {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** ZEO's word for monitors, in a frame: its length as 32 bits, big-endian, then the word. */
const RUOK = Buffer.from('\0\0\0\x04ruok', 'latin1');
/** What a ZEO server names its protocol: Z5, or with an encoding of its own M5. */
const GREETING = /^[A-Z]\d/;
const GREETING_BYTES = 16;
const MOST_BYTES = 64 * 1024;

type Place = { readonly host: string; readonly port: number } | { readonly path: string };

export function probeConnection(place: Place, attempt: Attempt): Promise<Attempted> {
  return talk(place, attempt, (socket, done) => {
    socket.once('connect', () => done({ ok: true }));
  });
}

/**
 * A ZEO server answers `ruok` once its storages are open: a frame with its protocol, then one with its numbers in JSON.
 * @see ZEO.asyncio.server and ZEO's nagios.py
 */
export function probeZeo(place: Place, attempt: Attempt): Promise<Attempted> {
  return talk(place, attempt, (socket, done) => {
    let seen = Buffer.alloc(0);
    socket.once('connect', () => socket.write(RUOK));
    socket.on('data', (bytes: Buffer) => {
      seen = Buffer.concat([seen, bytes]);
      if (!mayBeZeo(seen)) return done({ ok: false, why: 'what answers there is no ZEO server' });
      if (framesIn(seen).length >= 2) done({ ok: true });
    });
  });
}

function mayBeZeo(bytes: Buffer): boolean {
  const [greeting] = framesIn(bytes);
  if (greeting !== undefined) return GREETING.test(greeting.toString('latin1')) && bytes.length <= MOST_BYTES;
  return bytes.length < 4 || bytes.readUInt32BE(0) <= GREETING_BYTES;
}

function framesIn(bytes: Buffer): readonly Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) break;
    frames.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return frames;
}

function talk(
  place: Place,
  { timeoutMs, signal }: Attempt,
  begin: (socket: net.Socket, done: (outcome: Attempted) => void) => void,
): Promise<Attempted> {
  return new Promise((resolve) => {
    const socket = net.connect(place);
    let isConnected = false;
    const done = (outcome: Attempted) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      socket.destroy();
      resolve(outcome);
    };
    const late = () => (isConnected ? 'it accepts and does not answer' : 'nobody accepts');
    const timer = setTimeout(
      () => done({ ok: false, why: `${late()} within ${timeoutMs / 1000} s`, isLate: true }),
      timeoutMs,
    );
    const abort = () => done({ ok: false, why: 'cancelled' });
    signal.addEventListener('abort', abort, { once: true });
    socket.once('connect', () => {
      isConnected = true;
    });
    socket.once('error', (error) => done({ ok: false, why: describeError(error) }));
    socket.once('close', () => done({ ok: false, why: 'it accepts and hangs up' }));
    begin(socket, done);
  });
}

/** "connection refused" for what people meet; else the system's words. */
export function describeError(error: NodeJS.ErrnoException): string {
  if (error instanceof AggregateError && error.errors.length > 0)
    return describeError(error.errors[0] as NodeJS.ErrnoException);
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'ECONNRESET':
      return 'it accepts and hangs up';
    case 'ENOENT':
      return 'there is no such socket';
    default:
      return error.message;
  }
}
