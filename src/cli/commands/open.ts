import { type Command, UsageError } from '../command.js';
import { addressOfUrl } from '../url.js';
import { status } from './status.js';

export const open: Command = {
  name: 'open',
  summary: 'talk to another supd, or supervisord',
  help: ['open URL               unix:///path of any of its sockets, or http://host:port; then its status'],
  flags: {},
  reach: 'status',
  async run(session, flags) {
    const [url = ''] = flags.words;
    const target = addressOfUrl(url);
    if (!target.ok) throw new UsageError(`ERROR: ${target.message}`);
    session.open(url);
    // Switching has worked, whatever is down over there.
    await status.run(session, { ...flags, words: [] });
    return 0;
  },
};
