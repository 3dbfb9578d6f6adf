// How the stand-ins talk to the stand-in ZEO: frames of four bytes of length and as many bytes of text, as ZEO does.
// "ruok" is ZEO's own word, answered by the frames "Z5" and JSON; the rest is ours: JSON asked, JSON answered.
import net from 'node:net';

/** The bytes of one frame. */
export function frame(text) {
  const body = Buffer.from(text);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length);
  return Buffer.concat([head, body]);
}

/** Calls `take` with the text of each frame that arrives. */
export function onFrames(socket, take) {
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
      const end = 4 + rest.readUInt32BE(0);
      const text = rest.subarray(4, end).toString();
      rest = rest.subarray(end);
      take(text);
    }
  });
}

/** Is ZEO there? Its figures. */
export async function ruok(address) {
  const [, figures] = await exchange(address, 'ruok', 2);
  return JSON.parse(figures);
}

/** Asks ZEO: {op: 'get' | 'put' | 'list' | 'pack', …}. @throws when it can't be reached or refuses */
export async function ask(address, question) {
  const [answer] = await exchange(address, JSON.stringify(question), 1);
  const { error, value } = JSON.parse(answer);
  if (error) throw new Error(`ZEO: ${error}`);
  return value;
}

/** "127.0.0.1:8100" as what net and http take. */
export function hostPort(address) {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}

function exchange(address, text, answers) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(hostPort(address), () => socket.write(frame(text)));
    const frames = [];
    socket.setTimeout(5000, () => socket.destroy(new Error(`no answer from ${address}`)));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`${address} closed the connection`)));
    onFrames(socket, (one) => {
      if (frames.push(one) < answers) return;
      resolve(frames);
      socket.destroy();
    });
  });
}
