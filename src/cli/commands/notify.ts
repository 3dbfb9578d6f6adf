import { type Command, UsageError } from '../command.js';

export const notify: Command = {
  name: 'notify',
  summary: 'try how people are told of failures',
  help: ['notify test NAME       send a test message by each way of [notify:NAME]'],
  flags: {},
  reach: 'usual',
  async run(_session, { words: [word] }) {
    const message =
      word === undefined ? 'Error: notify requires test' : `Error: no such command: notify ${word}`;
    throw new UsageError(message, { withHelp: true });
  },
};
