/** SUPERVISOR_SERVER_URL, as supervisord gives it to its children. */
import type { Config } from '../config/config.js';

/** Of the first HTTP server, unix ones first; undefined without any. */
export function serverUrlOf(config: Config): string | undefined {
  const [server] = [...config.http].sort((a, b) => (a.kind === b.kind ? 0 : a.kind === 'unix' ? -1 : 1));
  if (!server) return undefined;
  if (server.kind === 'unix') return `unix://${server.address}`;
  const [host, port] = [
    server.address.slice(0, server.address.lastIndexOf(':')),
    server.address.split(':').at(-1),
  ];
  return `http://${host === '' || host === '*' || host === '0.0.0.0' ? 'localhost' : host}:${port}`;
}
