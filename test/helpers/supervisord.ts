/** Debian's supervisord with both its sockets, in a directory of its own. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import type { Test } from 'tap';
import { type Answer, finish, makePlace, type Place } from './place.js';
import { until } from './until.js';

export interface Supervisord extends Place {
  readonly unix: string;
  /** With a user name and a password, me and pw. */
  readonly inet: string;
  /** Replaces the sections of the programs. */
  program(text: string): void;
  supervisorctl(words: readonly string[], input?: string): Promise<Answer>;
  /** bin/supctl, without a configuration. */
  supctl(words: readonly string[], input?: string): Promise<Answer>;
}

const root = path.resolve(import.meta.dirname, '../../..');

export async function startSupervisord(t: Test, text: string): Promise<Supervisord> {
  const place = makePlace(t, '');
  const file = path.join(place.dir, 'supervisord.conf');
  const port = await freePort();
  const run = (words: readonly string[]) => {
    const [command = '', ...rest] = words;
    return spawn(command, rest, { cwd: place.dir, env: { ...process.env, TZ: 'UTC', LC_ALL: 'C.UTF-8' } });
  };
  const program = (sections: string) => writeFileSync(file, `${daemonSections(port)}${sections}`);
  program(text);
  run(['/usr/bin/supervisord', '-n', '-c', file]);
  const supervisord: Supervisord = {
    ...place,
    unix: `unix://${place.dir}/s.sock`,
    inet: `http://127.0.0.1:${port}`,
    program,
    supervisorctl: (words, input) => finish(run(['/usr/bin/supervisorctl', '-c', file, ...words]), input),
    supctl: (words, input) => finish(run([path.join(root, 'bin/supctl'), ...words]), input),
  };
  await until('supervisord to serve', async () => (await supervisord.supervisorctl(['pid'])).status === 0);
  return supervisord;
}

function daemonSections(port: number): string {
  return `[unix_http_server]
file = %(here)s/s.sock
[inet_http_server]
port = 127.0.0.1:${port}
username = me
password = pw
[supervisord]
logfile = %(here)s/s.log
pidfile = %(here)s/s.pid
childlogdir = %(here)s
loglevel = warn
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl = unix://%(here)s/s.sock
`;
}

/** One that nobody listens at now. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
