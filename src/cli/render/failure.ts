/** Why there was no answer, in supervisorctl's words where it has some, and what to do next. */
import type { CallFailure } from '../../grpc/client.js';
import type { Reach } from '../command.js';

interface Reported {
  /** For stdout: supervisorctl prints its errors there, and scripts read them. */
  readonly lines: readonly string[];
  /** For stderr: what to do next. */
  readonly hints: readonly string[];
  /** For stderr: all problems of a configuration, each with its place. */
  readonly details?: readonly string[];
  readonly exit: number;
}

/**
 * @param url  of the daemon, as it is shown
 * @param configuration  whose daemon it is, when a configuration said it
 * @param reach  whose exit statuses count
 */
export function reportFailure(
  failure: CallFailure,
  {
    url,
    configuration,
    again,
  }: {
    readonly url: string;
    readonly configuration: string | undefined;
    readonly again: (words: string) => string;
  },
  reach: Reach,
): Reported {
  const startHint = `no supd runs here; start it with: supd -c ${configuration ?? 'CONFIGURATION'}`;
  const overTcp = url.startsWith('http://');
  switch (failure.code) {
    case 'NO_SOCKET':
      return unreached(`${url} no such file`, startHint, reach, 7);
    case 'REFUSED':
      return unreached(
        `${url} refused connection`,
        overTcp
          ? `nobody listens at this port; ${configuration === undefined ? 'name a configuration with -c, or a daemon with -s' : startHint}`
          : `supd has died and left its socket; start it with: supd -c ${configuration ?? 'CONFIGURATION'}`,
        reach,
        4,
      );
    case 'NO_ACCESS':
      return unreached(`${url} permission denied`, accessHint, reach, 1);
    case 'LOST':
      return {
        lines: [`error: ${url} closed the connection: ${failure.message}`],
        hints: [`the daemon ended or was upgraded meanwhile; see: ${again('status')}`],
        exit: reach === 'status' ? 4 : 1,
      };
    case 'UNAUTHENTICATED':
      return { lines: ['Server requires authentication'], hints: [passwordHint], exit: 1 };
    case 'NO_API':
      return { lines: [noApi], hints: [], exit: exitOf(reach, 3) };
    case 'WRONG_API':
      return { lines: [failure.message], hints: [], exit: exitOf(reach, 5) };
    case 'NOT_OFFERED':
      return { lines: [`error: ${failure.message}`], hints: [], exit: 3 };
    case 'UNSUPPORTED':
      return {
        lines: [`Sorry, ${url} answered, but it does not know this command: ${failure.message}`],
        hints: ['supd is older than supctl; restart it with the same version'],
        exit: reach === 'status' ? 4 : 3,
      };
    case 'SHUTTING_DOWN':
      return { lines: ['ERROR: supervisor shutting down'], hints: [], exit: 1 };
    case 'BAD_CONFIG':
      return {
        lines: [`ERROR: CANT_REREAD: ${failure.message}`],
        hints: [],
        // The message is the first of them.
        details: failure.details.filter((detail) => !failure.message.endsWith(detail)),
        exit: 1,
      };
    case 'FORBIDDEN':
      return {
        lines: [`error: ${failure.message}`],
        hints: [forbiddenHint],
        details: failure.details,
        exit: 1,
      };
    case 'CANCELLED':
      return { lines: [], hints: [], exit: 130 };
    case 'NOT_GRPC':
    case 'TIMEOUT':
    case 'BROKEN':
    case 'BAD_NAME':
    case 'BAD_SIGNAL':
    case 'BAD_ARGUMENT':
    case 'NOT_RUNNING':
    case 'ALREADY_RUNNING':
    case 'ALREADY_ADDED':
    case 'STILL_RUNNING':
    case 'NO_FILE':
    case 'TOO_MUCH':
    case 'FAILED':
      return { lines: [`error: ${failure.message}`], hints: [], details: failure.details, exit: 1 };
    default:
      return failure.code satisfies never;
  }
}

const accessHint = 'run supctl as root or as a user that [grpc_server] owner and mode let in';
const forbiddenHint = 'this socket is for looking only; changes need the other one ([grpc_server] socket)';

const passwordHint =
  'give -u NAME and -p PASSWORD, or username and password in [supctl] of the configuration';
/** supervisorctl's words. */
const noApi =
  'Sorry, supervisord responded but did not recognize the supervisor namespace commands that supervisorctl uses to control it.  ' +
  'Please check that the [rpcinterface:supervisor] section is enabled in the configuration file (see sample.conf).';

/** status has one of its own for every reason, and commands that supervisorctl doesn't check before have 1. */
function exitOf(reach: Reach, usual: number): number {
  return reach === 'usual' ? usual : reach === 'status' ? 4 : 1;
}

function unreached(line: string, hint: string, reach: Reach, usual: number): Reported {
  switch (reach) {
    case 'usual':
      return { lines: [line], hints: [hint], exit: usual };
    case 'status':
      return { lines: [line], hints: [hint], exit: 4 };
    case 'plain':
      return { lines: [`error: ${line}`], hints: [hint], exit: 1 };
    case 'shutdown':
      return { lines: [`ERROR: ${line} (already shut down?)`], hints: [], exit: 1 };
    default:
      return reach satisfies never;
  }
}
