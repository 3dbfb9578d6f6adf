/** `supctl --help`. */
export function usageLines(program: string): readonly string[] {
  return [
    `Usage: ${program} [options] [command [arguments]]`,
    '',
    'Looks at and controls the processes and jobs of a running supd.',
    '',
    'Options:',
    '  -c, --configuration FILE   configuration of that supd (searched for when not given)',
    '  -s, --serverurl URL        its gRPC socket, unix:///path, in place of the one the configuration says',
    '  -i, --interactive          ask for commands; so does supctl without a command',
    '  -r, --history_file FILE    keep the lines of the interactive mode in FILE',
    '  -u, --username NAME        taken and not used: a unix socket knows who asks',
    '  -p, --password TEXT        likewise',
    '  -h, -?, --help             this text',
    '',
    `For the commands: ${program} help`,
  ];
}
