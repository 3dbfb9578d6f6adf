import type { Command } from '../command.js';
import { tableLines } from '../render/table.js';

export const help: Command = {
  name: 'help',
  summary: 'show this list, or more about a command',
  help: ['help                   all commands', 'help COMMAND           how it is called'],
  flags: {},
  reach: 'usual',
  completes: 'commands',
  async run({ terminal, commands }, { words }) {
    if (words.length === 0) {
      terminal.line('commands (more about one: help <command>):');
      for (const line of tableLines(commands.map(({ name, summary }) => [`  ${name}`, summary])))
        terminal.line(line);
      return 0;
    }
    const name = words.join(' ');
    const found = commands.find((one) => one.name === name);
    if (!found) terminal.line(`*** No help on ${name}`);
    else for (const line of found.help) terminal.line(line);
    return 0;
  },
};
