import { type Command, noArguments } from '../command.js';
import { daemonJson, document } from '../render/json.js';

export const version: Command = {
  name: 'version',
  summary: 'show the version of the running supd',
  help: ['version                of the running supd', '  --json               and all else about it'],
  flags: { '--json': 'switch' },
  reach: 'usual',
  async run({ client, terminal, signal }, flags) {
    noArguments('version', flags);
    const daemon = await client().getDaemon({ signal });
    terminal.line(flags.has('--json') ? document(daemonJson(daemon)) : daemon.version);
    return 0;
  },
};
