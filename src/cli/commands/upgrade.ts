import { setTimeout as pause } from 'node:timers/promises';
import type { DaemonAnswer } from '../../grpc/client.js';
import { type Command, noArguments, type Session } from '../command.js';

/** Between two looks whether the new code serves. */
const LOOK_MS = 50;
/** It serves within a second; a machine may be slow. */
const WAIT_MS = 60_000;

export const upgrade: Command = {
  name: 'upgrade',
  summary: 'replace the code of supd by what is installed now; programs and jobs go on',
  help: [
    'upgrade                waits until the new code serves: same pid, no program is touched',
    '  --check              only look whether it could be done: it starts, and can read configuration and state',
    '  --reason TEXT        why, for the log of supd',
  ],
  flags: { '--check': 'switch', '--reason': 'value' },
  reach: 'plain',
  async run(session, flags) {
    noArguments('upgrade', flags);
    const { client, terminal, signal } = session;
    const check = flags.has('--check');
    const reason = flags.value('--reason');
    const before = await client().getDaemon({ signal });
    const version = await client().upgrade(
      { check, ...(reason === undefined ? {} : { reason }) },
      { signal },
    );
    if (check) {
      terminal.line(`supd ${before.version} can be upgraded to ${version}`);
      return 0;
    }
    const after = await nextLife(session, before);
    if (after === undefined) {
      terminal.hint('supctl: supd does not answer yet; its log says more');
      return 1;
    }
    if (after.upgrades === before.upgrades) {
      terminal.hint(`supctl: not upgraded: supd goes on as ${after.version}; its log says why`);
      return 1;
    }
    terminal.line(`supd ${before.version} was upgraded to ${after.version} (pid ${after.pid})`);
    return 0;
  },
};

async function nextLife(
  { client, signal, now }: Session,
  before: DaemonAnswer,
): Promise<DaemonAnswer | undefined> {
  const deadline = now() + WAIT_MS;
  while (now() < deadline && !signal.aborted) {
    const found = await client()
      .getDaemon({ signal })
      .catch(() => undefined);
    if (found && found.startTime !== before.startTime) return found;
    await pause(LOOK_MS);
  }
  return undefined;
}
