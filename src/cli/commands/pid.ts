import { CallFailure, type ProcessView } from '../../grpc/client.js';
import type { Command, Session } from '../command.js';
import { document } from '../render/json.js';

export const pid: Command = {
  name: 'pid',
  summary: 'show process ids',
  help: [
    'pid                    of supd itself',
    'pid NAME…              of processes, one per line; 0 (and exit status 7) when it is not alive',
    'pid all                of all processes',
    '  --json               {"pid": N}, or an array of {"name", "group", "pid"}',
  ],
  flags: { '--json': 'switch' },
  reach: 'usual',
  completes: 'processes',
  async run(session, flags) {
    const { client, terminal, signal } = session;
    const json = flags.has('--json');
    if (flags.words.length === 0) {
      const daemon = await client().getDaemon({ signal });
      terminal.line(json ? document({ pid: daemon.pid }) : String(daemon.pid));
      return 0;
    }
    const all = flags.words.includes('all');
    const { processes, exit } = all
      ? { ...(await client().listProcesses({}, { signal })), exit: 0 }
      : await named(session, flags.words, json);
    if (json)
      terminal.line(document(processes.map(({ name, group, pid: id }) => ({ name, group, pid: id }))));
    else if (all) for (const one of processes) terminal.line(String(one.pid));
    return exit;
  },
};

/** One after the other, each printed at once unless `quiet`: an unknown name among them hides none. */
async function named(
  { client, terminal, signal }: Session,
  names: readonly string[],
  quiet: boolean,
): Promise<{ readonly processes: readonly ProcessView[]; readonly exit: number }> {
  const processes: ProcessView[] = [];
  let exit = 0;
  for (const name of names) {
    try {
      const one = await client().getProcess({ name }, { signal });
      processes.push(one);
      if (!quiet) terminal.line(String(one.pid));
      if (one.pid === 0) exit = 7;
    } catch (error) {
      if (!(error instanceof CallFailure && error.code === 'BAD_NAME')) throw error;
      if (quiet) terminal.hint(`No such process ${name}`);
      else terminal.line(`No such process ${name}`);
      exit = 1;
    }
  }
  return { processes, exit };
}
