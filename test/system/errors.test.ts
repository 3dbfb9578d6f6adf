import { chmodSync, chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import tap, { test } from 'tap';
import { job, makePlace, program, section } from '../helpers/place.js';
import { startIn, startSupd } from '../helpers/start-supd.js';
import { accountOf, asUser, isRoot } from '../helpers/users.js';

tap.jobs = 4;
tap.setTimeout(180_000);

// One error each: where it is, what is wrong, what would be right.
const mistakes: readonly (readonly [string, string, RegExp])[] = [
  [
    'a value',
    program('a', 'waits', { stopsignal: 'SIGTREM' }),
    /stopsignal: "SIGTREM" is not a signal; did you mean SIGTERM\?$/,
  ],
  ['a time', program('a', 'waits', { stopwaitsecs: 'ten' }), /stopwaitsecs: "ten" is not a time/],
  [
    'a size',
    program('a', 'waits', { stdout_logfile_maxbytes: '10 apples' }),
    /stdout_logfile_maxbytes: "10 apples" is not a size/,
  ],
  ['a boolean', program('a', 'waits', { autostart: 'perhaps' }), /autostart: "perhaps"/],
  ['a user', program('a', 'waits', { user: 'nosuchuser' }), /user: .*"nosuchuser"/],
  [
    'a group',
    program('a', 'waits', { supplementary_groups: 'nosuchgroup' }),
    /supplementary_groups: .*"nosuchgroup"/,
  ],
  ['a capability', program('a', 'waits', { capabilities: 'net_bind' }), /capabilities: .*"net_bind"/],
  ['a missing command', section('program:a', { autostart: true }), /command: .*missing/],
  [
    'a log directory',
    program('a', 'waits', { stdout_logfile: '%(here)s/nowhere/a.log' }),
    /stdout_logfile: .*nowhere does not exist/,
  ],
  ['an expansion', program('a', 'waits %(nam)s'), /command: .*%\(nam\)s|command: .*"nam"/],
  [
    'a member',
    section('group:g', { programs: 'aa' }) + program('a', 'waits'),
    /programs: there is no program "aa"/,
  ],
  ['a schedule', job('a', 'waits', { schedule: '0 25 * * *' }), /schedule: .*25/],
  [
    'a time zone',
    job('a', 'waits', { schedule: '@daily', timezone: 'Europe/Berlni' }),
    /timezone: .*Europe\/Berlni/,
  ],
  ['a step', section('job:a', { steps: 'b' }), /steps: .*"b"/],
  ['a line', '[program:a]\ncommand=/bin/cat\nwhat is this\n', /supd\.conf:10: "what is this"/],
];

for (const [what, text, said] of mistakes) {
  test(`a mistake in ${what} is one error with its line, and nothing is started`, async (t) => {
    const place = makePlace(t, text);
    const { status, stdout, stderr } = await place.run(['-n', '-c', place.conf]);
    t.equal(status, 2);
    t.equal(stdout, '');
    const errors = stderr.split('\n').filter((line) => line !== '' && line !== 'For help, use supd -h');
    t.equal(errors.length, 1, stderr);
    t.match(errors[0], /^.*supd\.conf:\d+: /);
    t.match(errors[0], said);
    t.equal(place.read('supd.log'), '');
  });
}

test('a typo in the name of an option or a section is a warning that names the right one', async (t) => {
  const place = makePlace(t, `${program('a', 'waits', { autorestrat: true })}[progam:b]\ncommand=/bin/cat\n`);
  const { status, stderr } = await place.run(['--check', '-c', place.conf]);
  t.equal(status, 0);
  t.match(stderr, /^warning: .*supd\.conf:\d+: \[program:a\] autorestrat: .*autorestart/m);
  t.match(stderr, /^warning: .*supd\.conf:\d+: \[progam:b\].*program/m);
  const supd = await startIn(t, place);
  await supd.state('a', 'RUNNING');
  t.match(supd.read('supd.log'), /WARN .*autorestrat/);
});

test('--check finds every mistake at once', async (t) => {
  const place = makePlace(
    t,
    mistakes.map(([, text]) => text.replaceAll(':a]', `:${Math.random()}]`)).join(''),
  );
  const { status, stderr } = await place.run(['--check', '-c', place.conf]);
  t.equal(status, 2);
  for (const [what, , said] of mistakes.filter(([name]) => name !== 'a line' && name !== 'a member'))
    t.match(stderr, new RegExp(said.source, 'm'), what);
});

test('a configuration that is not there or may not be read is one error with status 2', async (t) => {
  const place = makePlace(t, program('a', 'waits'));
  const missing = await place.run(['-n', '-c', `${place.dir}/nowhere.conf`]);
  t.equal(missing.status, 2);
  t.match(missing.stderr, /^Error: could not find config file .*nowhere\.conf\nFor help, use supd -h\n$/);
  chmodSync(place.conf, 0o000);
  const unreadable = await place.run(['-n', '-c', place.conf], { as: isRoot ? asUser('nobody') : [] });
  t.equal(unreadable.status, 2);
  t.match(
    unreadable.stderr,
    /^Error: could not read config file .*supd\.conf: EACCES: permission denied\nFor help/,
  );
  const as = isRoot ? asUser('nobody') : [];
  const denied = await place.ctl(['status'], undefined, { as });
  t.match(denied, {
    status: 2,
    stderr: /^Error: could not read config file .*: EACCES: permission denied\n/,
  });
  const directory = await place.run(['-n', '-c', `${place.dir}/bin`]);
  t.equal(directory.status, 2);
  t.match(
    directory.stderr,
    /^Error: could not read config file .*bin: EISDIR: illegal operation on a directory\n/,
  );
  rmSync(place.conf);
  t.match(await place.ctl(['status']), {
    status: 2,
    stderr: /^Error: could not find config file .*supd\.conf\n/,
  });
});

test('an included file that may not be read is an error that names it', async (t) => {
  const place = makePlace(t, section('include', { files: 'more.conf' }));
  writeFileSync(`${place.dir}/more.conf`, '');
  chmodSync(`${place.dir}/more.conf`, 0o000);
  if (isRoot) chownSync(place.dir, accountOf('nobody').uid, accountOf('nobody').gid);
  const { status, stderr } = await place.run(['-n', '-c', place.conf], {
    as: isRoot ? asUser('nobody') : [],
  });
  t.equal(status, 2);
  t.match(stderr, /\[include\] files: .*more\.conf cannot be read: .*(EACCES|permission denied)/);
});

test('what is wrong with one program keeps it down, in words, and the others run', async (t) => {
  const once = { startretries: 0, startsecs: 60 };
  const supd = await startSupd(
    t,
    program('missing', '/no/such/command', once) +
      program('unknown', 'nosuchcommand', once) +
      program('directory', '%(here)s/bin/conf', once) +
      program('mode', '%(here)s/supd.conf', once) +
      program('quote', `sh -c 'unfinished`, once) +
      program('empty', '""', once) +
      program('nowhere', 'waits', { ...once, directory: '%(here)s/nowhere' }) +
      program('file', 'waits', { ...once, directory: '%(here)s/supd.conf' }) +
      program('interpreter', '%(here)s/script', { ...once, autostart: false }) +
      program('fine', 'waits'),
  );
  const why = async (name: string) => (await supd.state(name, 'FATAL')).description;
  t.equal(await why('missing'), "can't find command '/no/such/command'");
  t.equal(await why('unknown'), "can't find command 'nosuchcommand'");
  t.equal(await why('directory'), `command at '${supd.dir}/bin/conf' is a directory`);
  t.equal(await why('mode'), `command at '${supd.dir}/supd.conf' is not executable`);
  t.equal(await why('quote'), "can't parse command 'sh -c 'unfinished': No closing quotation");
  t.equal(await why('empty'), 'command is empty');
  t.equal(await why('nowhere'), `couldn't chdir to ${supd.dir}/nowhere: ENOENT`);
  t.equal(await why('file'), `couldn't chdir to ${supd.dir}/supd.conf: ENOTDIR`);
  t.ok((await supd.state('fine', 'RUNNING')).pid > 0);
  writeFileSync(`${supd.dir}/script`, '#!/no/such/interpreter\n', { mode: 0o755 });
  t.match(await supd.told('start', 'interpreter'), { status: 7 });
  t.match(await why('interpreter'), /couldn't exec .*script: ENOENT \(is its interpreter missing\?\)/);
  t.match(await supd.told('start', 'missing'), { status: 1, stdout: 'missing: ERROR (no such file)\n' });
  t.match(await supd.told('start', 'mode'), { status: 1, stdout: 'mode: ERROR (file is not executable)\n' });
});

test('the reason of an earlier failure is gone once the program runs', async (t) => {
  const supd = await startSupd(t, program('a', '%(here)s/later', { startretries: 0, startsecs: 1 }));
  await supd.state('a', 'FATAL');
  writeFileSync(`${supd.dir}/later`, '#!/bin/sh\nexec sleep 1000\n', { mode: 0o755 });
  t.match(await supd.told('start', 'a'), { status: 0, stdout: 'a: started\n' });
  const one = await supd.state('a', 'RUNNING');
  t.equal(one.spawnError, '');
});

test('a place that supd may not write to is one error with status 1', async (t) => {
  for (const key of ['rundir', 'statedir', 'logfile']) {
    const place = makePlace(t, program('a', 'waits'), { [key]: '%(here)s/locked/x' });
    mkdirSync(`${place.dir}/locked`);
    if (isRoot) chownSync(place.dir, accountOf('nobody').uid, accountOf('nobody').gid);
    chmodSync(`${place.dir}/locked`, 0o555);
    const { status, stderr } = await place.run(['-n', '-c', place.conf], {
      as: isRoot ? asUser('nobody') : [],
    });
    t.equal(status, 1, key);
    t.match(stderr, /^Error: .*locked\/x.*\n$/);
  }
});
