/** Why an HTTP server can't be opened, in supervisord's words and with where it is. */
import { constants } from 'node:os';
import type { HttpServerSpec } from '../config/config.js';
import { StartFault } from '../daemon/startfault.js';
import { DoorError } from '../os/door.js';

const IN_USE =
  'Another program is already listening on a port that one of our HTTP servers is configured to use.  ' +
  'Shut this program down first before starting supervisord.';

/** @param account  who supd runs as, for a file that it may not give away */
export function bindFault(spec: HttpServerSpec, error: unknown, account: string): StartFault {
  const { code, syscall } = error as NodeJS.ErrnoException;
  const where = `[${spec.section}] ${error instanceof DoorError ? error.message : spec.address}`;
  if (code === 'EADDRINUSE') return new StartFault(`${IN_USE} (${where})`);
  if (code === 'EPERM' && spec.chown !== undefined) {
    return new StartFault(
      `Not permitted to chown ${spec.address} to ${spec.chown}; adjust "sockchown" value in config file or on ` +
        `command line to values that the current user (${account}) can successfully chown`,
    );
  }
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
