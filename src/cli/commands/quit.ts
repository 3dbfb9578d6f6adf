import type { Command } from '../command.js';

export const quit: Command = leave('quit');
export const exit: Command = leave('exit');

function leave(name: string): Command {
  return {
    name,
    summary: 'leave the interactive mode',
    help: [`${name}                   so does Ctrl-D`],
    flags: {},
    reach: 'usual',
    async run(session) {
      session.terminal.line('');
      session.leave();
      return 0;
    },
  };
}
