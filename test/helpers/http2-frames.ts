/** HTTP/2 by hand: frames that no well-behaved client sends. RFC 9113, section 6. */
import net from 'node:net';

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

export const TYPE = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  window: 8,
  continuation: 9,
};

/** One frame. */
export function frame(type: number, flags: number, stream: number, body: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

/** A header block without compression: RFC 7541, section 6.2.2, literals with new names. */
export function headers(fields: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(
    Object.entries(fields).flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]),
  );
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([integer(bytes.length, 7), bytes]);
}

/** RFC 7541, section 5.1. */
function integer(value: number, bits: number): Buffer {
  const most = 2 ** bits - 1;
  if (value < most) return Buffer.from([value]);
  const bytes = [most];
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

/** The header block of a call. */
export function callHeaders(path: string, more: Readonly<Record<string, string>> = {}): Buffer {
  return headers({
    ':method': 'POST',
    ':scheme': 'http',
    ':path': path,
    ':authority': 'localhost',
    te: 'trailers',
    'content-type': 'application/grpc',
    ...more,
  });
}

/** A connection that has said hello. */
export function attack(socketPath: string): net.Socket {
  const socket = net.connect(socketPath);
  socket.on('error', () => undefined).resume();
  socket.write(Buffer.concat([PREFACE, frame(TYPE.settings, 0, 0)]));
  return socket;
}

/** An attacker goes elsewhere when nothing has been read for so long. */
const BORED_MS = 300;

/** Writes as fast as the other side reads; ends with the pieces, or when the other side hangs up or reads no more. */
export async function pour(socket: net.Socket, pieces: Iterable<Buffer>): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return;
    if (!socket.write(piece) && !(await hasDrained(socket))) return;
  }
}

function hasDrained(socket: net.Socket): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (drained: boolean) => {
      clearTimeout(bored);
      socket.off('drain', drain).off('close', close);
      resolve(drained);
    };
    const drain = () => finish(true);
    const close = () => finish(false);
    const bored = setTimeout(close, BORED_MS);
    socket.once('drain', drain).once('close', close);
  });
}
