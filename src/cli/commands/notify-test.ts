import { type Command, UsageError } from '../command.js';
import { document } from '../render/json.js';

export const notifyTest: Command = {
  name: 'notify test',
  summary: 'send a test message by each way of a [notify:x]',
  help: [
    'notify test NAME       sends one message at once, and waits until it is taken or refused',
    '  --json               one array of objects',
    '  --reason TEXT        why, for the log of supd',
    'Exits 1 when one of them was refused.',
  ],
  flags: { '--json': 'switch', '--reason': 'value' },
  reach: 'usual',
  async run({ client, terminal, signal }, flags) {
    const [name, more] = flags.words;
    if (name === undefined || more !== undefined)
      throw new UsageError('Error: notify test requires the name of one [notify:x]', { withHelp: true });
    const reason = flags.value('--reason');
    const request = { name, ...(reason === undefined ? {} : { reason }) };
    const deliveries = await client().testNotification(request, { signal });
    if (flags.has('--json')) terminal.line(document(deliveries));
    else {
      for (const { channel, failure } of deliveries)
        terminal.line(`${name}: ${channel} ${failure === '' ? 'delivered' : `failed: ${failure}`}`);
    }
    return deliveries.every(({ failure }) => failure === '') ? 0 : 1;
  },
};
