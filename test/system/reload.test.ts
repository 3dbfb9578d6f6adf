/** reload-program: a check first, and nothing where it fails. */
import { writeFileSync } from 'node:fs';
import { test } from 'tap';
import { program } from '../helpers/place.js';
import { startSupd } from '../helpers/start-supd.js';

const CHECK = 'sh -c "cat %(here)s/file; test ! -s %(here)s/file"';

test('a check that fails: its words, and the program is left alone', async (t) => {
  const supd = await startSupd(
    t,
    program('a', 'tells-signals', { reload_check: CHECK, reload_signal: 'HUP' }),
  );
  const { pid } = await supd.state('a', 'RUNNING');
  writeFileSync(`${supd.dir}/file`, 'line 3: no such word\n');
  t.match(await supd.told('reload-program', 'a'), {
    status: 1,
    stdout: 'a: NOT reloaded (reload_check: exit status 1; nothing was done)\nline 3: no such word\n',
  });
  t.notMatch(supd.read('a.out'), 'HUP');
  writeFileSync(`${supd.dir}/file`, '');
  t.match(await supd.told('reload-program', 'a', '--reason', 'new word'), {
    status: 0,
    stdout: 'a: reloaded (SIGHUP)\n',
  });
  await supd.says('a', 'HUP');
  t.equal((await supd.state('a', 'RUNNING')).pid, pid);
  await supd.logs(/reload-program a asked for by uid \d+ .*: new word/);
  await supd.logs('reload of a: refused: reload_check: exit status 1');
});

test('a command does it with the program’s own environment and directory, or tells why not', async (t) => {
  const supd = await startSupd(
    t,
    program('a', 'waits', {
      directory: '%(here)s/state',
      environment: 'WORD="hello"',
      reload_command: `sh -c 'echo "$WORD in $PWD for $SUPD_RELOAD"; exit $(cat ../status)'`,
    }),
  );
  await supd.state('a', 'RUNNING');
  writeFileSync(`${supd.dir}/status`, '0');
  t.match(await supd.told('reload-program', 'a'), { status: 0, stdout: 'a: reloaded (reload_command)\n' });
  writeFileSync(`${supd.dir}/status`, '4');
  t.match(await supd.told('reload-program', 'a'), {
    status: 1,
    stdout: `a: ERROR (reload_command: exit status 4)\nhello in ${supd.dir}/state for a:a\n`,
  });
});

test('what can’t be reloaded says why', async (t) => {
  const supd = await startSupd(
    t,
    program('plain', 'waits') +
      program('down', 'waits', { autostart: false, reload_signal: 'HUP' }) +
      program('lost', 'waits', { reload_check: '/nowhere/check', reload_signal: 'HUP' }),
  );
  await supd.state('lost', 'RUNNING');
  const { status, stdout } = await supd.told('reload-program', 'plain', 'down', 'lost', 'nobody');
  t.equal(status, 1);
  t.match(stdout, /^nobody: ERROR \(no such process\)$/m);
  t.match(stdout, /^plain: ERROR \(\[program:plain\] has neither reload_signal nor reload_command\)$/m);
  t.match(stdout, /^down: ERROR \(it is not running/m);
  t.match(
    stdout,
    /^lost: NOT reloaded \(reload_check: can't find command '\/nowhere\/check'; nothing was done\)$/m,
  );
});

test('a check or two ways at once are told by --check', async (t) => {
  const supd = await startSupd(t, '');
  supd.configure(
    program('a', 'waits', { reload_check: '/bin/true' }) +
      program('b', 'waits', { reload_signal: 'HUP', reload_command: '/bin/true' }),
  );
  const { status, stdout, stderr } = await supd.run(['--check', '-c', supd.conf]);
  t.equal(status, 2);
  t.match(`${stdout}${stderr}`, /reload_check.*needs reload_signal or reload_command/);
  t.match(`${stdout}${stderr}`, /reload_command.*beside reload_signal/);
});
