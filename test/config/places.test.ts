import { test } from 'tap';
import { defaultPlaces } from '../../src/config/places.js';

const me = { uid: 1000, env: { HOME: '/home/me' }, tmpDir: '/tmp' };

test('root has its places in /run and /var/lib', (t) => {
  const places = defaultPlaces('/etc/supd/supd.conf', {
    ...me,
    uid: 0,
    env: { XDG_RUNTIME_DIR: '/run/user/0' },
  });
  t.match(places.rundir, /^\/run\/supd\/supd-supd-[0-9a-f]{8}$/);
  t.equal(places.statedir, places.rundir.replace('/run/', '/var/lib/'));
  t.equal(places.socket, `${places.rundir}/supd.sock`);
  t.end();
});

test('others have theirs by the XDG rules, or in a directory of their own', (t) => {
  const env = { HOME: '/home/me', XDG_RUNTIME_DIR: '/run/user/1000', XDG_STATE_HOME: '/s' };
  const xdg = defaultPlaces('/srv/plone/supd.conf', { ...me, env });
  t.match(xdg.rundir, /^\/run\/user\/1000\/supd\/plone-supd-[0-9a-f]{8}$/);
  t.match(xdg.statedir, /^\/s\/supd\/plone-supd-[0-9a-f]{8}$/);
  const plain = defaultPlaces('/srv/plone/supd.conf', me);
  t.match(plain.rundir, /^\/tmp\/supd-1000\/plone-supd-[0-9a-f]{8}$/);
  t.match(plain.statedir, /^\/home\/me\/\.local\/state\/supd\/plone-supd-[0-9a-f]{8}$/);
  const relative = defaultPlaces('/srv/plone/supd.conf', {
    ...me,
    env: { ...me.env, XDG_RUNTIME_DIR: 'run' },
  });
  t.equal(relative.rundir, plain.rundir);
  t.match(defaultPlaces('/c', { ...me, env: {} }).statedir, /^\/tmp\/supd-1000\/state\//);
  t.end();
});

test('two configurations never share a place, whatever their names', (t) => {
  const names = [
    '/a/b/supd.conf',
    '/c/b/supd.conf',
    '/a/b/supd.ini',
    '/a b/x.conf',
    '/a_b/x.conf',
    '/.conf',
    '/é',
  ];
  const dirs = new Set(names.map((name) => defaultPlaces(name, me).rundir));
  t.equal(dirs.size, names.length);
  for (const dir of dirs) t.match(dir, /^\/tmp\/supd-1000\/[A-Za-z0-9._-]+$/);
  t.end();
});

test('the socket stays short enough for Linux, however long the paths are', (t) => {
  const long = 'x'.repeat(200);
  for (const who of [
    me,
    { ...me, uid: 0 },
    { ...me, tmpDir: `/${long}` },
    { ...me, env: { XDG_RUNTIME_DIR: `/run/${'y'.repeat(60)}` } },
    { ...me, env: { XDG_RUNTIME_DIR: `/${long}` } },
  ]) {
    const { socket } = defaultPlaces(`/${long}/${long}.conf`, who);
    t.ok(Buffer.byteLength(socket) < 100, socket);
  }
  t.end();
});
