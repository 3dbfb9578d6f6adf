import fc from 'fast-check';
import { test } from 'tap';
import { findConfig, formatProblem, loadConfig } from '../../src/config/load.js';
import { configOf, fakeSurroundings, loadText, problemsOf } from '../helpers/fake-surroundings.js';

test('supd.conf is looked for at all places, then supervisord.conf', async (t) => {
  const find = (...files: string[]) => {
    const there = new Set(files);
    return findConfig('/opt/site', { cwd: '/srv', exists: (file) => there.has(file) });
  };
  t.match(find('/etc/supd/supd.conf', '/opt/site/etc/supervisord.conf'), { path: '/etc/supd/supd.conf' });
  t.match(find('/srv/supervisord.conf', '/opt/site/supervisord.conf'), {
    path: '/opt/site/supervisord.conf',
  });
  t.match(find('/srv/etc/supervisord.conf', '/etc/supervisord.conf'), { path: 'etc/supervisord.conf' });
  t.match(find('/etc/supervisor/supervisord.conf'), { path: '/etc/supervisor/supervisord.conf' });
  t.match(find(), {
    ok: false,
    message: /^No config file found at default paths \(\/opt\/site\/etc\/supd\.conf, .*; use the -c option/,
  });
});

test('a file that is missing or cannot be read is one error', async (t) => {
  const machine = fakeSurroundings();
  t.same(loadConfig('nope.conf', machine).problems.map(formatProblem), ['nope.conf: there is no such file']);
  const secret = { ...machine, exists: () => true };
  t.match(loadConfig('/etc/supd.conf', secret).problems.map(formatProblem), [
    /^\/etc\/supd\.conf: cannot be read: /,
  ]);
});

test('included files are read in order and come over what is before them', async (t) => {
  const files = {
    '/srv/conf.d/b.conf': '[program:x]\ncommand=b %(here)s\n',
    '/srv/conf.d/a.conf': '[program:x]\ncommand=a\nstartsecs=5\n[supd]\nidentifier=a\n',
    '/srv/other.conf': '[job:j]\ncommand=x\n',
  };
  const text =
    '[include]\nfiles = conf.d/*.conf\n  %(here)s/other.conf\n[supd]\nidentifier=main\n[program:x]\ncommand=main %(here)s\n';
  const config = configOf(text, { files });
  t.same(config.included, ['/srv/conf.d/a.conf', '/srv/conf.d/b.conf', '/srv/other.conf']);
  t.equal(config.daemon.identifier, 'a');
  t.match(config.groups[0]?.processes[0], { command: 'b /srv/conf.d', startMs: 5000 });
  t.equal(config.jobs[0]?.name, 'j');
});

test('a problem in an included file names that file as seen from the main one', async (t) => {
  const files = { '/srv/conf.d/a.conf': '\n[program:x]\nstopsignal=X1\n', '/etc/b.conf': 'junk\n' };
  const found = problemsOf('[include]\nfiles=/etc/b.conf conf.d/a.conf\n[supd]\nminfds=x\n', { files });
  t.same(
    found.map((line) => line.slice(0, line.indexOf(' '))),
    ['supd.conf:4:', '/etc/b.conf:1:', 'conf.d/a.conf:2:', 'conf.d/a.conf:3:'],
  );
});

test('includes do not nest', async (t) => {
  const files = { '/srv/a.conf': '[include]\nfiles=b.conf\n', '/srv/b.conf': '[program:b]\ncommand=b\n' };
  const text = '[include]\nfiles=a.conf\n[supd]\n';
  t.same(problemsOf(text, { files }), ['a.conf:1: [include] includes do not nest; ignored']);
  t.same(configOf(text, { files }).groups, []);
});

test('a pattern that matches nothing and a directory are warnings', async (t) => {
  const text = '[include]\nfiles=none*.conf conf.*\n[supd]\n';
  t.same(problemsOf(text, { directories: ['/srv/conf.d'] }), [
    'supd.conf:2: [include] files: no file matches "none*.conf" in /srv',
    'supd.conf:2: [include] files: conf.d is a directory; skipped',
  ]);
});

test('an include without files, or with an unknown name, is an error', async (t) => {
  t.same(problemsOf('[include]\n[supd]\n'), [
    'supd.conf:1: [include] files: is missing: [include] must say which files',
  ]);
  t.match(problemsOf('[include]\nfiles=%(ENV_X)s\n[supd]\n'), [
    /^supd\.conf:2: \[include\] files: .*the environment has no X/,
  ]);
});

test('here is the directory of the file, even when the file is a link', async (t) => {
  const machine = fakeSurroundings({ files: { '/srv/etc/supd.conf': '[supd]\nenvironment=H="%(here)s"\n' } });
  const loaded = loadConfig('etc/supd.conf', { ...machine, realPath: () => '/real/supd.conf' });
  t.ok(
    loaded.ok &&
      loaded.config.path === '/real/supd.conf' &&
      loaded.config.daemon.environment.H === '/srv/etc',
  );
});

const word = fc.constantFrom(
  'x',
  'supd',
  'program:x',
  'program:y',
  'group:g',
  'job:j',
  'job:k',
  'include',
  'eventlistener:e',
  'fcgi-program:f',
  'DEFAULT',
  '__proto__',
  'grpc_server',
  'rpcinterface:s',
  'inet_http_server',
  'unix_http_server:a',
  'notify:n',
);
const key = fc.constantFrom(
  'command',
  'programs',
  'steps',
  'needs',
  'numprocs',
  'process_name',
  'environment',
  'stdout_logfile',
  'schedule',
  'files',
  'priority',
  'user',
  'directory',
  'stopsignal',
  'timeout',
  'requires_stopped',
  '__proto__',
  'compat',
  'events',
  'env_file',
);
const value = fc.oneof(
  fc.string(),
  fc.constantFrom(
    'x',
    'j,k',
    '%(process_num)d',
    '%',
    '"',
    '5',
    '-1',
    'strict',
    '99999999999999999999',
    '*.conf',
    '/srv/supd.conf',
    '0 3 * * *',
  ),
);
const line = fc.oneof(
  fc.tuple(key, value).map(([name, text]) => `${name}=${text}`),
  word.map((name) => `[${name}]`),
  fc.string(),
);

test('no text makes loading throw, and what is refused says why', async (t) => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 25 }), (lines) => {
      const loaded = loadText(lines.join('\n'));
      const told = loaded.problems.map(formatProblem);
      return (
        loaded.ok !== loaded.problems.some((problem) => problem.severity === 'error') &&
        told.every((one) => one.length > 10)
      );
    }),
    { numRuns: 1500 },
  );
  t.pass('held for all');
});

// Found by random files (fuzz.test.ts, and clients/configuration-fuzz.test.ts against supervisord itself).

test('a message stays on one line and is harmless to a terminal, whatever the file says', async (t) => {
  const said = problemsOf('[supd]\n[program:a]\ncommand=x\nuser=%(here)\n  s\u001b[31m\n[pro\u001b[31m]\n');
  t.ok(said.length >= 2);
  for (const line of said) t.notMatch(line, /[\n\u001b]/);
  t.match(said.join(), /pro\\u001b\[31m/);
});

test('blanks round a process’s name are no part of it, and an empty name is none', async (t) => {
  const nameOf = (text: string) =>
    configOf(`[supd]\n[program:a]\ncommand=x\nprocess_name=${text}\n`).groups[0]?.processes[0]?.id;
  t.equal(nameOf('\n  b'), 'a:b');
  t.equal(nameOf(''), 'a:a');
  t.match(problemsOf('[supd]\n[program:a]\ncommand=x\nprocess_name=\n'), [
    'supd.conf:4: [program:a] process_name: is empty; a it is, as without it',
  ]);
});

test('a lone %s is an error behind another item, as for Python', async (t) => {
  const of = (text: string) => loadText(`[supd]\n[program:a]\ncommand=${text}\n`).ok;
  t.same(['%s', '%s %(here)s', '%(here)s %s', '%s %s', '%% %s'].map(of), [true, true, false, false, true]);
});

test('a directory is not empty', async (t) => {
  t.match(problemsOf('[supd]\ndirectory=\n'), [/directory: is empty/]);
});

test('a NUL in a name is an error, not a crash', async (t) => {
  t.match(problemsOf('[supd]\n[program:\0]\ncommand=x\n'), [
    /"\\u0000" is no name: it must not contain "\\u0000"/,
  ]);
});
