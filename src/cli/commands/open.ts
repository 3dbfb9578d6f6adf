import { type Command, UsageError } from '../command.js';
import { socketOfUrl } from '../url.js';
import { status } from './status.js';

export const open: Command = {
  name: 'open',
  summary: 'talk to another supd',
  help: ['open URL               unix:///path of its gRPC socket; then its status'],
  flags: {},
  reach: 'status',
  async run(session, flags) {
    const [url = ''] = flags.words;
    const target = socketOfUrl(url);
    if (!target.ok) throw new UsageError(`ERROR: ${target.message}`);
    session.open(url);
    // Switching has worked, whatever is down over there.
    await status.run(session, { ...flags, words: [] });
    return 0;
  },
};
