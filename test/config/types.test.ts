import { test } from 'tap';
import { readValue, type TypeName } from '../../src/config/types.js';
import { fakeSurroundings } from '../helpers/fake-surroundings.js';

const CONTEXT = { surroundings: fakeSurroundings(), strict: false, base: '/srv' };

function read(type: TypeName, text: string): unknown {
  const result = readValue(type, text, CONTEXT);
  return result.ok ? result.value : `refused: ${result.why}`;
}

test('whole numbers take a sign and underscores, and nothing else', async (t) => {
  t.same(
    ['10', '-5', '+3', '1_000'].map((text) => read('int', text)),
    [10, -5, 3, 1000],
  );
  t.match(read('int', '1.5'), /^refused: "1.5" is not a whole number/);
  t.match(read('int', ''), /^refused/);
});

test('truth has four words, untruth too, in any case', async (t) => {
  t.same(
    ['yes', 'TRUE', 'On', '1'].map((text) => read('bool', text)),
    [true, true, true, true],
  );
  t.same(
    ['no', 'false', 'OFF', '0'].map((text) => read('bool', text)),
    [false, false, false, false],
  );
  t.match(read('bool', 'ture'), /did you mean true\?/);
});

test('sizes take KB, MB and GB in any case, with a blank or without', async (t) => {
  t.same(
    ['0', '5', '1kb', '2 MB', '1Gb'].map((text) => read('bytes', text)),
    [0, 5, 1024, 2 * 1024 ** 2, 1024 ** 3],
  );
  for (const text of ['1K', '1M', '5B', '1.5MB', 'MB', '']) t.match(read('bytes', text), /^refused/, text);
});

test('times are seconds, or take s, m, h, d', async (t) => {
  t.same(
    ['1', '15s', '2m', '3h', '1d', '1 D'].map((text) => read('duration', text)),
    [1000, 15_000, 120_000, 10_800_000, 86_400_000, 86_400_000],
  );
  t.match(
    read('duration', '10x'),
    /^refused: "10x" is not a time; right are seconds, or a number with s, m, h or d/,
  );
  t.match(read('span', '-1'), /^refused: "-1" is negative/);
  t.same(read('spans', '60, 5m,15m'), [60_000, 300_000, 900_000]);
});

test('a negative time or count of supervisord counts as 0, with a note', async (t) => {
  t.match(readValue('duration', '-1', CONTEXT), { ok: true, value: 0, note: /counts as 0/ });
  t.match(readValue('count', '-1', CONTEXT), { ok: true, value: 0, note: /counts as 0/ });
});

test('modes are octal', async (t) => {
  t.same(
    ['022', '22', '0o22', '0700'].map((text) => read('octal', text)),
    [0o22, 0o22, 0o22, 0o700],
  );
  t.match(read('octal', '9'), /^refused: "9" is not a mode in octal, such as 022 or 0700/);
});

test('signals go by number or name, with SIG or without, in any case', async (t) => {
  t.same(
    ['TERM', 'sigterm', '15', 'USR1', 'sighup', '0', 'CLD'].map((text) => read('signal', text)),
    [15, 15, 15, 10, 1, 0, 17],
  );
  t.equal(read('signal', 'SIGTREM'), 'refused: "SIGTREM" is not a signal; did you mean SIGTERM?');
  t.equal(read('signal', 'TREM'), 'refused: "TREM" is not a signal; did you mean SIGTERM?');
  t.match(read('signal', '99'), /^refused: there is no signal "99"/);
});

test('exit statuses are a comma list from 0 to 255; empty means none', async (t) => {
  t.same(read('exitcodes', '0, 2'), [0, 2]);
  t.same(read('exitcodes', ''), []);
  for (const text of ['256', '-1', '0,', 'x']) t.match(read('exitcodes', text), /^refused/, text);
});

test('log levels are those of supervisord', async (t) => {
  t.equal(read('loglevel', 'WARN'), 'warn');
  t.match(read('loglevel', 'warning'), /did you mean warn\?/);
});

test('autorestart is true, false or unexpected', async (t) => {
  t.same(
    ['true', 'no', 'Unexpected'].map((text) => read('autorestart', text)),
    ['always', 'never', 'unexpected'],
  );
  t.match(read('autorestart', 'unexpceted'), /did you mean unexpected\?/);
});

test('a log goes to a file, to AUTO, or nowhere', async (t) => {
  t.same(read('logfile', 'auto'), { kind: 'auto' });
  for (const text of ['NONE', 'off', '']) t.same(read('logfile', text), { kind: 'none' });
  t.same(read('logfile', 'Syslog'), { kind: 'syslog' });
  t.same(read('logfile', 'x.log'), { kind: 'path', path: '/srv/x.log' });
  t.same(read('logfile', '~/x.log'), { kind: 'path', path: '/home/zope/x.log' });
  t.match(read('logfile', '/nope/x.log'), /the directory \/nope does not exist/);
});

test('directories must exist, users and groups too', async (t) => {
  t.equal(read('directory', '~'), '/home/zope');
  t.match(read('directory', '/nope'), /^refused: "\/nope" does not exist/);
  t.equal(read('user', 'zope'), 'zope');
  t.equal(read('user', '1000'), '1000');
  t.match(read('user', 'zpoe'), /^refused: there is no user "zpoe" on this machine/);
  t.equal(read('owner', 'zope:save'), 'zope:save');
  t.match(read('owner', 'zope:nobody'), /there is no group "nobody"/);
  t.match(read('groups', 'zope,plone'), /there is no group "plone"/);
});

test('names hold no blank, colon or slash', async (t) => {
  t.equal(read('name', ' a-b.c '), 'a-b.c');
  for (const text of ['a b', 'a:b', 'a/b', '']) t.match(read('name', text), /^refused/, text);
});

test('addresses need a port between 1 and 65535', async (t) => {
  t.same(
    ['127.0.0.1:9001', ':80', '*:80', '9001', 'LocalHost:1'].map((text) => read('address', text)),
    ['127.0.0.1:9001', ':80', ':80', ':9001', 'localhost:1'],
  );
  for (const text of ['x', 'h:', '0', 'h:70000']) t.match(read('address', text), /^refused/, text);
});

test('checks of readiness have known forms', async (t) => {
  // Each of them in full: probes.test.ts.
  t.same(read('probe', 'tcp://h:1'), { kind: 'tcp', host: 'h', port: 1 });
  for (const text of ['tpc://h:1', 'http://', 'h:1', '']) t.match(read('probe', text), /^refused/, text);
});

test('limits are numbers, sizes or unlimited; nice and capabilities have their bounds', async (t) => {
  t.same(
    [read('limit', '8192'), read('limit', 'unlimited'), read('size limit', '64KB')],
    [8192, 'unlimited', 65_536],
  );
  t.match(read('limit', '-1'), /^refused/);
  t.equal(read('nice', '-20'), -20);
  t.match(read('nice', '20'), /^refused/);
  t.same(read('capabilities', 'CAP_NET_BIND_SERVICE, sys_nice'), ['net_bind_service', 'sys_nice']);
  t.match(read('capabilities', 'net_bind_servce'), /did you mean net_bind_service\?/);
});

test('time zones are names of places', async (t) => {
  t.equal(read('timezone', 'Europe/Paris'), 'Europe/Paris');
  t.match(read('timezone', 'Europe/Pari'), /did you mean Europe\/Paris\?/);
  t.match(read('timezone', '+02:00'), /^refused/);
});
