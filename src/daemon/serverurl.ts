/** SUPERVISOR_SERVER_URL, as supervisord gives it to its children. */
import type { Config } from '../config/config.js';

/** Of the first unix server, else of the last one on a port; undefined without any. */
export function serverUrlOf({ http }: Pick<Config, 'http'>): string | undefined {
  const unix = http.find(({ kind }) => kind === 'unix');
  if (unix) return `unix://${unix.address}`;
  const inet = http.at(-1);
  if (!inet) return undefined;
  const colon = inet.address.lastIndexOf(':');
  return `http://${inet.address.slice(0, colon) || 'localhost'}${inet.address.slice(colon)}`;
}
