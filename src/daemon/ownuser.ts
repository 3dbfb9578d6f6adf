/** `user` of [supd]: supd itself runs as another user from its first instruction on, by executing itself again. */
import type { Tools } from '../core/launch.js';
import { findAccount } from '../os/accounts.js';
import { replaceProcess } from '../os/exec.js';

/**
 * Becomes that user, or finds that it is already.
 * @returns undefined: nothing to do; else why it can't be done. Returns not at all when it is done.
 */
export function becomeUser(user: string, tools: Tools): string | undefined {
  const own = process.geteuid?.() ?? 0;
  const account = findAccount(user);
  if (!account) return `user: there is no user "${user}"`;
  if (account.uid === own) return undefined;
  if (own !== 0)
    return `user: supd must be started as root to run as "${user}" (Can't drop privilege as nonroot user)`;
  const flags = [
    '--reuid',
    String(account.uid),
    '--regid',
    String(account.gid),
    '--groups',
    account.groups.join(','),
  ];
  const self = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const env = {
    ...process.env,
    HOME: account.home,
    USER: account.name,
    LOGNAME: account.name,
    SHELL: account.shell,
  };
  replaceProcess(
    tools.setpriv,
    [tools.setpriv, ...flags, '--', ...self],
    Object.entries(env).map(([key, value]) => `${key}=${value}`),
  );
}
