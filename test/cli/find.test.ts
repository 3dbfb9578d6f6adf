import { test } from 'tap';
import { type Here, readLightly } from '../../src/cli/find.js';

const hash = /[0-9a-f]{8}/;

function here(files: Readonly<Record<string, string>>, over: Partial<Here> = {}): Here {
  return {
    env: { HOME: '/home/me' },
    hostName: 'host',
    cwd: '/work',
    tmpDir: '/tmp',
    home: '/home/me',
    uid: 1000,
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

test('by default it is looked for where this user has it, with and without a session, then where root has', (t) => {
  const { sockets } = find('[supd]\n', { env: { HOME: '/home/me', XDG_RUNTIME_DIR: '/run/user/1000' } });
  t.equal(sockets.length, 3);
  t.match(sockets[0], new RegExp(`^/run/user/1000/supd/etc-supd-${hash.source}/supd.sock$`));
  t.match(sockets[1], new RegExp(`^/tmp/supd-1000/etc-supd-${hash.source}/supd.sock$`));
  t.match(sockets[2], new RegExp(`^/run/supd/etc-supd-${hash.source}/supd.sock$`));
  t.equal(find('[supd]\n', { uid: 0 }).sockets.length, 1);
  t.end();
});

test('prompt and history file of the interactive mode', (t) => {
  const found = find('[supervisorctl]\nprompt=plone\nhistory_file=%(here)s/h\n');
  t.match(found, { prompt: 'plone', historyFile: '/etc/h' });
  t.match(find(''), { prompt: 'supervisor', historyFile: undefined });
  t.end();
});

test('a value that cannot be expanded says where it stands', (t) => {
  t.throws(() => find('\n[grpc_server]\nsocket=%(ENV_NOPE)s/x\n'), /^\/etc\/supd.conf:3: socket: .*NOPE/);
  t.end();
});
