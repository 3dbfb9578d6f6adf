import { type Command, UsageError } from '../command.js';
import { bytesOf, showLog } from '../tailing.js';

export const maintail: Command = {
  name: 'maintail',
  summary: 'show the end of the main log of supd',
  help: [
    'maintail               the last 1600 bytes',
    'maintail -N            the last N bytes',
    'maintail -f            and what is added, until Ctrl-C',
    '  --json               {"content"} in base64; with -f one per line',
  ],
  flags: { '-f': 'switch', '--json': 'switch' },
  reach: 'usual',
  async run(session, flags) {
    const follow = flags.has('-f');
    const [modifier, more] = flags.words;
    if (more !== undefined) throw new UsageError('Error: too many arguments', { withHelp: true });
    return showLog(session, {}, { bytes: bytesOf(modifier), follow, json: flags.has('--json') });
  },
};
