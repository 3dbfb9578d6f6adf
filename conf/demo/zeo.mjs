// Plays ZEO: owns the file that all Zopes share, and answers `ruok`.
//   node zeo.mjs 127.0.0.1:8100 var/filestorage/Data.fs
// Data.fs grows with each write, one line a record, until it is packed. TERM and INT end it, status 0.
import fs from 'node:fs';
import net from 'node:net';
import { frame, hostPort, onFrames } from './frames.mjs';

const [address, file] = process.argv.slice(2);
const pages = new Map();
let records = 0;
let connections = 0;

for (const line of fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n') : []) {
  if (line === '') continue;
  const { path, body } = JSON.parse(line);
  pages.set(path, body);
  records += 1;
}
let fd = fs.openSync(file, 'a');

const operations = {
  get: ({ path }) => pages.get(path) ?? null,
  list: () => [...pages.keys()].sort(),
  put({ path, body }) {
    fs.writeSync(fd, record(path, body));
    fs.fdatasyncSync(fd);
    pages.set(path, body);
    records += 1;
    return true;
  },
  // Beside the old file, then in its place: whoever is cut off leaves a whole Data.fs.
  pack() {
    const before = records;
    const packed = fs.openSync(`${file}.pack`, 'w');
    fs.writeSync(packed, [...pages].map(([path, body]) => record(path, body)).join(''));
    fs.fsyncSync(packed);
    fs.closeSync(packed);
    fs.renameSync(`${file}.pack`, file);
    fs.closeSync(fd);
    fd = fs.openSync(file, 'a');
    records = pages.size;
    log(`packed: ${before} records, ${records} kept`);
    return { before, after: records };
  },
};

const server = net.createServer((socket) => {
  connections += 1;
  socket.on('close', () => {
    connections -= 1;
  });
  socket.on('error', () => {}); // a Zope that died; `close` follows
  onFrames(socket, (text) => {
    if (text === 'ruok') {
      socket.write(Buffer.concat([frame('Z5'), frame(JSON.stringify({ connections, records }))]));
    } else socket.write(frame(JSON.stringify(answer(text))));
  });
});
const { host, port } = hostPort(address);
server.listen(port, host, () => log(`listening on ${address}, ${pages.size} pages in ${file}`));

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    log(`${signal}: closing the database`);
    fs.closeSync(fd);
    process.exit(0);
  });
}

function answer(text) {
  try {
    const question = JSON.parse(text);
    const operation = operations[question.op];
    return operation ? { value: operation(question) } : { error: `no operation ${question.op}` };
  } catch (error) {
    return { error: error.message };
  }
}

function record(path, body) {
  return `${JSON.stringify({ path, body })}\n`;
}

function log(text) {
  process.stderr.write(`${new Date().toISOString()} [ZEO] ${text}\n`);
}
