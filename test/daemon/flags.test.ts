import { test } from 'tap';
import { helpText, readFlags } from '../../src/daemon/flags.js';
import { fakeSurroundings } from '../helpers/fake-surroundings.js';

const machine = fakeSurroundings();
const read = (...argv: readonly string[]) => readFlags(argv, machine);

function messageOf(...argv: readonly string[]): string | undefined {
  const flags = read(...argv);
  return flags.ok ? undefined : flags.message;
}

test('every flag of supervisord sets the option that it sets there', async (t) => {
  const argv = '-n -s -u zope -m 022 -d /tmp -l /tmp/l -y 1MB -z 3 -e debug -j p -i me -q /tmp -k -a 5 -t';
  t.match(read(...argv.split(' '), '--minprocs=6', '--profile_options=calls', '-c', 'f'), {
    ok: true,
    flags: {
      action: 'run',
      configuration: 'f',
      overrides: {
        nodaemon: 'true',
        silent: 'true',
        user: 'zope',
        umask: '022',
        directory: '/tmp',
        logfile: '/tmp/l',
        logfile_maxbytes: '1MB',
        logfile_backups: '3',
        loglevel: 'debug',
        pidfile: 'p',
        identifier: 'me',
        childlogdir: '/tmp',
        nocleanup: 'true',
        minfds: '5',
        strip_ansi: 'true',
        minprocs: '6',
      },
    },
  });
});

test('help and version count where they stand', async (t) => {
  t.match(read('-h', '-n', '-n'), { ok: true, flags: { action: 'help' } });
  t.match(read('-?'), { ok: true, flags: { action: 'help' } });
  t.match(read('-v', '-e', 'foo'), { ok: true, flags: { action: 'version' } });
  t.match(read('-e', 'foo', '-v'), { ok: false });
});

test('supd’s own flags make no prefix of supervisord’s ambiguous', async (t) => {
  t.match(read('--he'), { ok: true, flags: { action: 'help' } });
  t.match(read('--ch=/tmp'), { ok: true, flags: { overrides: { childlogdir: '/tmp' } } });
  t.match(read('--check'), { ok: true, flags: { action: 'check' } });
  t.match(read('--help-config'), { ok: true, flags: { action: 'help-config' } });
  t.equal(messageOf('--c'), 'option --c not a unique prefix');
  t.match(read('--help-conf'), { ok: true, flags: { action: 'help-config' } });
});

test('wrong values are refused in supervisord’s words', async (t) => {
  const int = (text: string) => `invalid literal for int() with base 10: '${text}'`;
  const cases = [
    ['-e foo', "'foo': bad logging level name 'foo'"],
    ['-m 9', "'9': 9 can not be converted to an octal type"],
    ['-d /nope', "'/nope': /nope is not an existing directory"],
    ['-q /nope', "'/nope': /nope is not an existing directory"],
    ['-l /nope/x', "'/nope/x': The directory named as part of the path /nope/x does not exist"],
    ['-j /nope/x', "'/nope/x': The directory named as part of the path /nope/x does not exist"],
    ['-y 5x', `'5x': ${int('5x')}`],
    ['-y xKB', `'xKB': ${int('x')}`],
    ['-z a', `'a': ${int('a')}`],
    ['-a b', `'b': ${int('b')}`],
    ['--minprocs b', `'b': ${int('b')}`],
  ] as const;
  for (const [words, message] of cases) {
    const argv = words.split(' ');
    t.equal(messageOf(...argv), `invalid value for ${argv[0]} ${message}`, words);
  }
  t.equal(messageOf('-n', '-n'), "conflicting command line option '-n'");
  t.equal(messageOf('a', "b'c"), `positional arguments are not supported: ['a', "b'c"]`);
});

test('the help names the program as it was called, and every flag', async (t) => {
  t.match(helpText('supervisord'), /^supervisord: [\s\S]*\nUsage: supervisord \[options\]\n/);
  for (const flag of ['-c, --configuration=…', '--minprocs=…', '--help-config', '-t, --strip_ansi']) {
    t.ok(helpText('supd').includes(flag), flag);
  }
});
