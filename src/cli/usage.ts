/** `supctl --help`. */
export function usageLines(program: string): readonly string[] {
  return [
    `Usage: ${program} [options] [command [arguments]]`,
    '',
    'Looks at and controls the processes and jobs of a running supd.',
    '',
    'Options:',
    '  -c, --configuration FILE   configuration of that supd (searched for when not given)',
    '  -s, --serverurl URL        where it is, in place of what the configuration says: unix:///path of its gRPC',
    '                             socket, or (of a supervisord too) unix:///path or http://host:port of an HTTP one',
    '  -i, --interactive          ask for commands; so does supctl without a command',
    '  -r, --history_file FILE    keep the lines of the interactive mode in FILE',
    '  -u, --username NAME        for an HTTP server that asks for it',
    '  -p, --password TEXT        likewise',
    '  -h, -?, --help             this text',
    '',
    `For the commands: ${program} help`,
  ];
}
