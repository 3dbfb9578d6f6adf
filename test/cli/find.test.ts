import { test } from 'tap';
import { type Here, readLightly } from '../../src/cli/find.js';

function here(files: Readonly<Record<string, string>>, over: Partial<Here> = {}): Here {
  return {
    env: { HOME: '/home/me' },
    hostName: 'host',
    cwd: '/work',
    tmpDir: '/tmp',
    home: '/home/me',
    uid: 1000,
    ownerOf: () => 2000,
    readText: (file) => {
      const text = files[file];
      if (text === undefined) throw new Error('EISDIR');
      return text;
    },
    glob: (pattern, dir) =>
      Object.keys(files).filter((file) => file.startsWith(`${dir}/${pattern.replace('*', '')}`)),
    realPath: (file) => file,
    ...over,
  };
}

const find = (text: string, over: Partial<Here> = {}) =>
  readLightly('/etc/supd.conf', here({ '/etc/supd.conf': text }, over));

test('the socket is where the configuration says', (t) => {
  t.strictSame(find('[grpc_server]\nsocket=/run/x.sock ; here\n').sockets, ['/run/x.sock']);
  t.strictSame(find('[grpc_server]\nsocket=~/x.sock\n').sockets, ['/home/me/x.sock']);
  t.strictSame(find('[grpc_server]\nsocket=%(here)s/x.sock\n').sockets, ['/etc/x.sock']);
  t.strictSame(find('[grpc_server]\nsocket=%(ENV_RUN)s/x\n', { env: { RUN: '/r' } }).sockets, ['/r/x']);
  t.end();
});

test('or in the rundir, under both names of its section', (t) => {
  for (const section of ['supd', 'supervisord']) {
    t.strictSame(find(`[${section}]\nrundir=/run/mine\n`).sockets, ['/run/mine/supd.sock']);
  }
  t.end();
});

test('included files count, the last word wins', (t) => {
  const files = {
    '/etc/supd.conf': '[grpc_server]\nsocket=/a\n[include]\nfiles=conf.d/*\n',
    '/etc/conf.d/1.conf': '[grpc_server]\nsocket=/b\n',
    '/etc/conf.d/2.conf': '[grpc_server]\nsocket=%(here)s/c\n',
  };
  t.strictSame(readLightly('/etc/supd.conf', here(files)).sockets, ['/etc/conf.d/c']);
  t.end();
});

/** Sockets with the instance's name, which ends in a hash, shortened. */
const short = (sockets: readonly string[]) => sockets.map((one) => one.replace(/etc-supd-[0-9a-f]{8}/, 'I'));

test('by default it is looked for where this user has it, with and without a session, then where root has', (t) => {
  const mine = ['/run/user/1000/supd/I/supd.sock', '/tmp/supd-1000/I/supd.sock', '/run/supd/I/supd.sock'];
  t.strictSame(short(find('[supd]\n').sockets), mine);
  const env = { XDG_RUNTIME_DIR: '/xdg' };
  t.strictSame(short(find('[supd]\n', { env }).sockets), ['/xdg/supd/I/supd.sock', ...mine]);
  t.end();
});

test('root finds the daemon of the user whose configuration it is', (t) => {
  t.strictSame(short(find('[supd]\n', { uid: 0 }).sockets), [
    '/run/supd/I/supd.sock',
    '/run/user/2000/supd/I/supd.sock',
    '/tmp/supd-2000/I/supd.sock',
  ]);
  t.end();
});

test('prompt and history file of the interactive mode', (t) => {
  const found = find('[supervisorctl]\nprompt=plone\nhistory_file=%(here)s/h\n');
  t.match(found, { prompt: 'plone', historyFile: '/etc/h' });
  t.match(find(''), { prompt: 'supervisor', historyFile: undefined });
  t.end();
});

test('where supervisorctl finds its daemon, and who it is there', (t) => {
  const found = find('[supervisorctl]\nserverurl=unix://%(here)s/s.sock\nusername=me\npassword=p%%w\n');
  t.match(found, { serverUrl: 'unix:///etc/s.sock', username: 'me', password: 'p%w' });
  t.notOk('serverUrl' in find('[supctl]\n'));
  t.end();
});

test('a value that cannot be expanded says where it stands', (t) => {
  t.throws(() => find('\n[grpc_server]\nsocket=%(ENV_NOPE)s/x\n'), /^\/etc\/supd.conf:3: socket: .*NOPE/);
  t.end();
});
