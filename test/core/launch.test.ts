import { test } from 'tap';
import { composeChain, composeEnvironment, type RunAs } from '../../src/core/launch.js';
import { splitCommand } from '../../src/core/words.js';
import { processSpec } from '../helpers/specs.js';

const tools = {
  setpriv: '/bin/setpriv',
  prlimit: '/bin/prlimit',
  nice: '/bin/nice',
  env: '/bin/env',
  cat: '/bin/cat',
};
const zope: RunAs = {
  name: 'zope',
  uid: 501,
  gid: 502,
  groups: [502, 600],
  home: '/home/zope',
  shell: '/bin/sh',
};

test('nothing asked for: the program alone, in its directory', async (t) => {
  const spec = processSpec('x', { directory: '/srv' });
  t.same(composeChain(spec, ['/bin/x', 'a b'], undefined, tools), {
    argv: ['/bin/x', 'a b'],
    directory: '/srv',
  });
});

test('a user: identity in numbers, and the directory is entered as that user', async (t) => {
  const spec = processSpec('x', { user: 'zope', directory: '/srv' });
  t.same(composeChain(spec, ['/bin/x'], zope, tools), {
    argv: [
      ...['/bin/setpriv', '--reuid', '501', '--regid', '502', '--groups', '502,600', '--'],
      ...['/bin/env', '-C', '/srv', '--', '/bin/x'],
    ],
  });
});

test('no supplementary groups at all are cleared, not inherited', async (t) => {
  const { argv } = composeChain(processSpec('x'), ['/bin/x'], { ...zope, groups: [] }, tools);
  t.ok(argv.includes('--clear-groups'));
});

test('limits and niceness come before privileges are given up', async (t) => {
  const spec = processSpec('x', {
    limits: { nofile: 4096, core: 'unlimited' },
    nice: 5,
    noNewPrivileges: true,
  });
  t.same(composeChain(spec, ['/bin/x'], zope, tools).argv, [
    ...[
      '/bin/prlimit',
      '--nofile=4096:4096',
      '--core=unlimited:unlimited',
      '--',
      '/bin/nice',
      '-n',
      '5',
      '--',
    ],
    ...[
      '/bin/setpriv',
      '--reuid',
      '501',
      '--regid',
      '502',
      '--groups',
      '502,600',
      '--no-new-privs',
      '--',
      '/bin/x',
    ],
  ]);
});

test('capabilities are inheritable and ambient, so that they survive the change of user', async (t) => {
  const { argv } = composeChain(
    processSpec('x', { capabilities: ['net_bind_service'] }),
    ['/x'],
    zope,
    tools,
  );
  t.ok(argv.includes('--inh-caps=+net_bind_service') && argv.includes('--ambient-caps=+net_bind_service'));
});

test('the environment: the configured wins over the tags, they over the user, he over the daemon', async (t) => {
  const env = composeEnvironment(
    { HOME: '/root', PATH: '/bin', SHELL: '/bin/bash', GONE: undefined },
    zope,
    { SUPERVISOR_ENABLED: '1', SUPERVISOR_PROCESS_NAME: 'x' },
    { SHELL: '/bin/zsh', SUPERVISOR_PROCESS_NAME: 'y' },
  );
  t.same(
    { ...env },
    {
      HOME: '/home/zope',
      PATH: '/bin',
      SHELL: '/bin/zsh',
      USER: 'zope',
      LOGNAME: 'zope',
      SUPERVISOR_ENABLED: '1',
      SUPERVISOR_PROCESS_NAME: 'y',
    },
  );
});

test('a command is split as a shell would, without expanding anything', async (t) => {
  const words = (text: string) => {
    const split = splitCommand(text);
    return split.ok ? split.words : split.why;
  };
  t.same(words(`sh -c 'echo "a  b"' x\\ y "q\\"q" $HOME *`), [
    'sh',
    '-c',
    'echo "a  b"',
    'x y',
    'q"q',
    '$HOME',
    '*',
  ]);
  t.same(words(`a''b "" c`), ['ab', '', 'c']);
  t.same(words('a\n  b\t#c'), ['a', 'b', '#c']);
  t.same(words(''), []);
  t.equal(words(`echo 'a`), 'No closing quotation');
  t.equal(words('echo \\'), 'No escaped character');
});
