import type { Channel } from '../../grpc/client.js';
import { type Command, UsageError } from '../command.js';
import { bytesOf, showLog } from '../tailing.js';

export const tail: Command = {
  name: 'tail',
  summary: 'show the end of a log of a process',
  help: [
    'tail NAME [stdout|stderr]    the last 1600 bytes; stdout unless said',
    'tail -N NAME …               the last N bytes',
    'tail -f NAME …               and what is added, until Ctrl-C',
    '  --json                     {"content"} in base64; with -f one per line',
    'For several processes at once, or by lines: logs.',
  ],
  flags: { '-f': 'switch', '--json': 'switch' },
  reach: 'usual',
  completes: 'processes',
  async run(session, flags) {
    const follow = flags.has('-f');
    const given = flags.words.length + (follow ? 1 : 0);
    if (given < 1) throw new UsageError('Error: too few arguments', { withHelp: true });
    const modifier = flags.words[0]?.startsWith('-') ? flags.words[0] : undefined;
    const [name, channel, more] = modifier === undefined ? flags.words : flags.words.slice(1);
    if (more !== undefined) throw new UsageError('Error: too many arguments', { withHelp: true });
    if (name === undefined) throw new UsageError('Error: tail requires process name');
    const log = { name, channel: channelOf(channel) };
    return showLog(session, log, { bytes: bytesOf(modifier), follow, json: flags.has('--json') });
  },
};

function channelOf(word: string | undefined): Channel {
  const channel = (word ?? 'stdout').toLowerCase();
  if (channel === 'stdout' || channel === 'stderr') return channel;
  throw new UsageError(`Error: bad channel '${channel}'`);
}
