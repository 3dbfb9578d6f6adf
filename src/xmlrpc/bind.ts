/** Why an HTTP server can't be opened, in supervisord's words and with where it is. */
import { constants } from 'node:os';
import type { HttpServerSpec } from '../config/config.js';
import { StartFault } from '../daemon/startfault.js';
import { findAccount } from '../os/accounts.js';
import { DoorError } from '../os/door.js';

const IN_USE =
  'Another program is already listening on a port that one of our HTTP servers is configured to use.  ' +
  'Shut this program down first before starting supervisord.';

export function bindFault(spec: HttpServerSpec, error: unknown): StartFault {
  const { code, syscall } = error as NodeJS.ErrnoException;
  const where = `[${spec.section}] ${error instanceof DoorError ? error.message : spec.address}`;
  if (code === 'EADDRINUSE') return new StartFault(`${IN_USE} (${where})`);
  const number = code === undefined ? undefined : (constants.errno as Record<string, number>)[code];
  if (code !== undefined && number !== undefined)
    return new StartFault(
      `Cannot open an HTTP server: socket.error reported errno.${code} (${number}) (${where})`,
    );
  const why = error instanceof Error ? error.message : String(error);
  return new StartFault(
    `Cannot open an HTTP server: ${why} ([${spec.section}]${syscall ? `: ${syscall}` : ''})`,
  );
}

/** The file may not be given away. -1: that one was to stay. */
export function chownFault({ address }: HttpServerSpec, uid: number, gid: number): StartFault {
  const user = findAccount(String(process.geteuid?.()))?.name ?? process.geteuid?.();
  return new StartFault(
    `Not permitted to chown ${address} to uid/gid (${uid}, ${gid}); adjust "sockchown" value in config file or on ` +
      `command line to values that the current user (${user}) can successfully chown`,
  );
}
