/** What a service manager hears of supd: sd_notify(3), on a datagram socket that the test binds. */
import { closeSync } from 'node:fs';
import path from 'node:path';
import tap, { test } from 'tap';
import { libc } from '../../src/os/libc.js';
import { readVariable } from '../../src/os/proc.js';
import { makePlace, program } from '../helpers/place.js';
import { startIn } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

tap.setTimeout(180_000);

const socket = libc('int socket(int domain, int type, int protocol)');
const bind = libc('int bind(int fd, const void *addr, uint addrlen)');
const recv = libc('long recv(int fd, void *buf, size_t len, int flags)');

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const MSG_DONTWAIT = 0x40;

/** A bound datagram socket; `hear` gives the next message, or false when there is none yet. */
function openManager(file: string) {
  const fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  const address = Buffer.alloc(110);
  address.writeUInt16LE(AF_UNIX, 0);
  address.write(file, 2);
  if (bind(fd, address, 2 + Buffer.byteLength(file)) !== 0) throw new Error(`cannot bind ${file}`);
  const buffer = Buffer.alloc(4096);
  return {
    hear: () => {
      const length = recv(fd, buffer, buffer.length, MSG_DONTWAIT);
      return length > 0 && buffer.toString('utf8', 0, length);
    },
    close: () => closeSync(fd),
  };
}

test('the service manager hears READY when supd serves and STOPPING at its end; programs know nothing of it', async (t) => {
  const place = makePlace(t, program('child', 'waits'));
  const manager = openManager(path.join(place.dir, 'notify'));
  t.teardown(() => manager.close());
  const supd = await startIn(t, place, { env: { NOTIFY_SOCKET: path.join(place.dir, 'notify') } });
  const ready = await until('READY', () => manager.hear());
  t.equal(ready, `READY=1\nMAINPID=${supd.pid}`);
  const child = await supd.state('child', 'RUNNING');
  t.equal(readVariable(child.pid, 'SUPERVISOR_PROCESS_NAME'), 'child');
  t.equal(readVariable(child.pid, 'NOTIFY_SOCKET'), undefined);
  await supd.ended('SIGTERM');
  t.equal(await until('STOPPING', () => manager.hear()), 'STOPPING=1');
});
