/**
 * A server of HAProxy, asked and told by the admin socket: one command to each connection, its answer to the end.
 * @see HAProxy's Management Guide, 9.3 Unix Socket commands
 */
import net from 'node:net';
import type { HaproxySpec } from '../../core/traffic.js';
import { describeError } from '../probes/connect.js';

/** It could not be asked, or it refused; in words. */
export class HaproxyError extends Error {}

/** One server of a backend, by `show stat`. */
export interface Server {
  readonly name: string;
  /** "UP", "UP 1/3", "DOWN", "DRAIN", "MAINT", "no check" … */
  readonly status: string;
  /** Requests that it has, and that wait for it alone. */
  readonly busy: number;
}

const ANSWER_MS = 5000;
const MOST_BYTES = 4 << 20;

/** The servers of the backend, this one among them. @throws HaproxyError */
export async function serversOf({ socket, backend, server }: HaproxySpec): Promise<readonly Server[]> {
  const [head = '', ...lines] = (await ask(socket, 'show stat')).split('\n');
  const columns = head.replace(/^# /, '').split(',');
  const at = (name: string) => columns.indexOf(name);
  const [proxy, name, current, queued, status] = ['pxname', 'svname', 'scur', 'qcur', 'status'].map(at) as [
    number,
    number,
    number,
    number,
    number,
  ];
  if (proxy < 0 || status < 0) throw new HaproxyError(`${socket} does not answer as HAProxy does`);
  const servers = lines
    .map((line) => line.split(','))
    .filter((fields) => fields[proxy] === backend && !['FRONTEND', 'BACKEND'].includes(fields[name] ?? ''))
    .map(
      (fields): Server => ({
        name: fields[name] ?? '',
        status: fields[status] ?? '',
        busy: Number(fields[current] ?? 0) + Number(fields[queued] ?? 0),
      }),
    );
  if (servers.some((one) => one.name === server)) return servers;
  const known =
    servers.length === 0 ? 'no such backend' : `it has ${servers.map((one) => one.name).join(', ')}`;
  throw new HaproxyError(`${socket}: HAProxy has no server ${backend}/${server}; ${known}`);
}

/** @throws HaproxyError */
export async function setState(
  { socket, backend, server }: HaproxySpec,
  state: 'drain' | 'maint' | 'ready',
): Promise<void> {
  const answer = (await ask(socket, `set server ${backend}/${server} state ${state}`)).trim();
  if (answer !== '') throw new HaproxyError(`${socket}: ${backend}/${server} to ${state}: ${answer}`);
}

/** Does HAProxy send requests to it? */
export function isUp({ status }: Server): boolean {
  return status.startsWith('UP') || status === 'no check';
}

function ask(socketPath: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const fail = (why: string) => {
      socket.destroy();
      clearTimeout(timer);
      reject(new HaproxyError(`${socketPath}: ${why}`));
    };
    const socket = net.connect(socketPath);
    const timer = setTimeout(() => fail(`no answer within ${ANSWER_MS / 1000} s`), ANSWER_MS);
    socket.once('error', (error) => fail(describeError(error)));
    socket.once('connect', () => socket.write(`${command}\n`));
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > MOST_BYTES) fail(`its answer is longer than ${MOST_BYTES} bytes`);
    });
    socket.once('end', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks).toString('utf8'));
    });
  });
}
