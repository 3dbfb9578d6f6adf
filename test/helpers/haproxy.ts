/** HAProxy in front of a test's programs, as a program itself. */
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import { type Place, program } from './place.js';
import { findCommand } from './require.js';
import { until } from './until.js';

/** Sections for it: `NAME` at 127.0.0.1:PORT each. Its file is written by `writeHaproxy`. */
export function haproxyProgram(): string {
  return program('haproxy', `${findCommand('haproxy')} -db -f %(here)s/haproxy.cfg`, {
    priority: 2000,
    stopwaitsecs: 2,
  });
}

/** The `haproxy` option of program `name`. */
export function serverOf(name: string): string {
  return `%(here)s/haproxy.sock web/${name}`;
}

export function writeHaproxy(place: Place, front: number, servers: Readonly<Record<string, number>>): void {
  const lines = Object.entries(servers).map(([name, port]) => `    server ${name} 127.0.0.1:${port}`);
  writeFileSync(
    `${place.dir}/haproxy.cfg`,
    `global
    stats socket ${place.dir}/haproxy.sock mode 600 level admin
defaults
    mode http
    option redispatch 1
    retries 3
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    timeout queue 30s
frontend front
    bind 127.0.0.1:${front}
    default_backend web
backend web
    balance leastconn
    option httpchk GET /ok
    retry-on conn-failure empty-response
    default-server check inter 500ms fastinter 200ms downinter 200ms rise 1 fall 2 observe layer4 error-limit 3 on-error mark-down
${lines.join('\n')}
`,
  );
}

/** What HAProxy says to one command. */
export function tell(place: Place, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(`${place.dir}/haproxy.sock`, () => socket.write(`${command}\n`));
    let text = '';
    socket.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
    socket.once('error', reject).once('end', () => resolve(text));
  });
}

/** "UP", "MAINT", "DRAIN" … */
export async function stateOf(place: Place, server: string): Promise<string> {
  const [head = '', ...lines] = (await tell(place, 'show stat')).split('\n');
  const at = head.split(',').indexOf('status');
  return (
    lines.map((line) => line.split(',')).find((one) => one[0] === 'web' && one[1] === server)?.[at] ?? ''
  );
}

/** Waits until HAProxy says so of the server. */
export function haproxySays(place: Place, server: string, state: RegExp): Promise<true> {
  return until(`${server} to be ${state} in HAProxy`, async () => {
    const seen = await stateOf(place, server);
    if (state.test(seen)) return true as const;
    throw new Error(seen);
  });
}
