import { test } from 'tap';
import { configOf, loadText, problemsOf } from '../helpers/fake-surroundings.js';

const PROGRAMS =
  '[supd]\n[program:a]\ncommand=a\n[program:b]\ncommand=b\npriority=5\n[program:c]\ncommand=c\n';

function idsOf(text: string): readonly string[] {
  return configOf(text).groups.flatMap((group) => group.processes.map((process) => process.id));
}

test('groups start by priority, then by name', async (t) => {
  t.same(idsOf(PROGRAMS), ['b:b', 'a:a', 'c:c']);
});

test('the members of a group are no groups of their own any more, and start in the order they are listed', async (t) => {
  const text = `${PROGRAMS}[group:g]\nprograms=c, a\npriority=1\n`;
  t.same(idsOf(text), ['g:c', 'g:a', 'b:b']);
  t.match(configOf(text).groups[0], { name: 'g', kind: 'group', priority: 1 });
});

test('inside a group priorities count, which supervisord ignores', async (t) => {
  t.same(idsOf(`${PROGRAMS}[group:g]\nprograms=c,a,b\n`), ['g:b', 'g:c', 'g:a']);
  t.same(idsOf(`${PROGRAMS.replace('[supd]', '[supd]\ncompat=strict')}[group:g]\nprograms=c,a,b\n`), [
    'g:c',
    'g:a',
    'g:b',
  ]);
});

test('a program may sit in several groups', async (t) => {
  t.same(idsOf(`${PROGRAMS}[group:g]\nprograms=a\n[group:h]\nprograms=a,b,c\n`), [
    'g:a',
    'h:b',
    'h:a',
    'h:c',
  ]);
});

test('an empty group is a group', async (t) => {
  t.match(configOf('[supd]\n[group:g]\nprograms=\n').groups, [{ name: 'g', processes: [] }]);
});

test('unknown and ambiguous members are errors', async (t) => {
  const text = `${PROGRAMS}[fcgi-program:a]\ncommand=a\nsocket=unix:///run/a\n[group:g]\nprograms=a,bb\n`;
  t.same(
    problemsOf(text).filter((line) => line.includes('[group:g]')),
    [
      'supd.conf:13: [group:g] programs: "a" is ambiguous: there are [program:a] and [fcgi-program:a]',
      'supd.conf:13: [group:g] programs: there is no program "bb"',
    ],
  );
});

test('of two groups with one name the one that starts first is kept', async (t) => {
  const text = `${PROGRAMS}[group:a]\nprograms=b\n`;
  t.same(idsOf(text), ['a:b', 'c:c']);
  t.same(problemsOf(text), [
    'supd.conf:2: [program:a] makes a group of the same name as [group:a] in supd.conf:9, which starts first; ignored',
  ]);
});

test('of two processes with one name the last is kept', async (t) => {
  const text =
    '[supd]\n[program:a]\ncommand=1\nprocess_name=p\n[program:b]\ncommand=2\nprocess_name=p\n[group:g]\nprograms=a,b\n';
  t.match(configOf(text).groups[0]?.processes, [{ id: 'g:p', command: '2' }]);
  t.match(problemsOf(text), [/\[group:g\] the programs a and b both name a process "p"; that of b is kept/]);
});

test('an event listener is a group that starts first and says what it is told of', async (t) => {
  const text = '[supd]\n[program:a]\ncommand=a\n[eventlistener:e]\ncommand=e\nevents=tick_60,PROCESS_STATE\n';
  t.same(problemsOf(text), []);
  t.same(idsOf(text), ['e:e', 'a:a']);
  const [group] = configOf(text).groups;
  t.match(group, { name: 'e', kind: 'eventlistener', priority: -1, processes: [{ priority: 999 }] });
  t.same(group?.pool, { events: ['TICK_60', 'PROCESS_STATE'], bufferSize: 10, eventLength: 'characters' });
  const more = `${text}buffer_size=50\nevent_length=bytes\npriority=1000\nnumprocs=2\nprocess_name=e%(process_num)d\n`;
  t.same(idsOf(more), ['a:a', 'e:e0', 'e:e1']);
  t.match(configOf(more).groups[1], {
    priority: 1000,
    pool: { bufferSize: 50, eventLength: 'bytes' },
    processes: [{ priority: 1000 }, { priority: 1000 }],
  });
});

test('an event listener is checked fully', async (t) => {
  const section = (options: string) =>
    problemsOf(`[supd]\n[eventlistener:e]\ncommand=e\nevents=TICK\n${options}`);
  t.same(section(''), []);
  t.same(section('result_handler=supervisor.dispatchers:default_handler\n'), []);
  t.match(section('result_handler=my.module:handler\n'), [
    /result_handler: a handler in Python can't be called; right is supervisor.dispatchers:default_handler, or nothing/,
  ]);
  t.match(section('stdout_capture_maxbytes=1KB\nstdout_events_enabled=true\n'), [
    /stdout_capture_maxbytes: ignored: the stdout of an event listener is its protocol/,
    /stdout_events_enabled: ignored/,
  ]);
  const wrong =
    '[supd]\n[eventlistener:e]\nevents=TICK_61\nbuffer_size=0\nredirect_stderr=true\nstartsecs=x\n';
  t.same(
    problemsOf(wrong).map((line) => line.replace('[eventlistener:e] ', '')),
    [
      'supd.conf:2: command: is missing: what to run, split into words as a shell does',
      'supd.conf:3: events: "TICK_61" is not an event type; did you mean TICK_60?',
      'supd.conf:4: buffer_size: 0 is too small; right is 1 or more',
      'supd.conf:5: redirect_stderr: must not be true: stderr would disturb the protocol on stdout',
      'supd.conf:6: startsecs: "x" is not a time; right are seconds, or a number with s, m, h or d',
    ],
  );
  t.match(problemsOf('[supd]\n[eventlistener:e]\ncommand=e\n').join(), /events: is missing/);
  t.match(problemsOf('[supd]\n[eventlistener:e]\ncommand=e\nevents=\n').join(), /events: is empty/);
});

test('a FastCGI program is checked fully', async (t) => {
  const section = (options: string) => problemsOf(`[supd]\n[fcgi-program:f]\ncommand=f\n${options}`);
  t.same(section('socket=unix:///run/f\nsocket_owner=zope:save\nsocket_mode=0770\nsocket_backlog=5\n'), []);
  t.match(section('').join(), /socket: is missing/);
  t.match(section('socket=foo\n'), [/"foo" is not a socket; right is unix:\/\/\/path or tcp:\/\/host:port/]);
  t.match(section('socket=unix://rel\n'), [/"rel" is not an absolute path/]);
  t.match(section('socket=tcp://h:1\nsocket_mode=0700\n'), [
    /only a unix:\/\/ socket has an owner and a mode/,
  ]);
  t.match(section('socket=tcp://h:1\nsocket_backlog=0\n'), [/0 does not do; right is 1 to 65535/]);
  t.match(section('socket=unix:///run/f\nsocket_owner=zz\n'), [/there is no user "zz"/]);
});

test('all copies of a FastCGI program have one socket, with the program’s user unless it has an owner', async (t) => {
  const socketOf = (options: string) => {
    const text = `[supd]\n[fcgi-program:f]\ncommand=f\nnumprocs=2\nprocess_name=%(process_num)d\n${options}`;
    const [group] = configOf(text).groups;
    t.equal(group?.kind, 'fcgi-program');
    const [one, two] = (group?.processes ?? []).map(({ socket }) => socket);
    t.same(one, two);
    return one;
  };
  const unix = { kind: 'unix', path: '/run/f', mode: 0o700 };
  t.same(socketOf('socket=unix:///run/%(program_name)s\n'), unix);
  t.same(socketOf('socket=unix:///run/./f\nuser=zope\n'), { ...unix, user: 'zope' });
  t.same(socketOf('socket=unix:///run/f\nuser=zope\nsocket_owner=save\nsocket_mode=770\n'), {
    ...unix,
    owner: 'save',
    mode: 0o770,
  });
  t.same(socketOf('socket=tcp://LocalHost:9000\nsocket_backlog=5\n'), {
    kind: 'tcp',
    host: 'localhost',
    port: 9000,
    backlog: 5,
  });
  t.same(socketOf('socket=tcp://[::1]:9000\n'), { kind: 'tcp', host: '::1', port: 9000 });
});

test('in a group a FastCGI program has its socket; what is wrong with that is no error', async (t) => {
  const of = (text: string, daemon = '') => {
    const loaded = loadText(`[supd]\n${daemon}[fcgi-program:f]\ncommand=f\n${text}[group:g]\nprograms=f\n`);
    t.ok(loaded.ok);
    return loaded.ok ? loaded.config.groups[0]?.processes[0] : undefined;
  };
  t.match(of('socket=unix:///run/f\n'), { id: 'g:f', socket: { path: '/run/f' } });
  t.equal(of('socket=unix:///run/f\n', 'compat=strict\n')?.socket, undefined);
  t.equal(of('socket=foo\n')?.socket, undefined);
  t.equal(of('')?.socket, undefined);
});

test('HTTP servers are checked fully', async (t) => {
  const section = (text: string) => problemsOf(`[supd]\n${text}`);
  const text =
    '[unix_http_server]\nfile=/run/s.sock\nchmod=0770\nchown=zope:save\nusername=u\npassword=100%%\n[inet_http_server:b]\nport=*:9001\n[inet_http_server:six]\nport=[::1]:9001\n';
  t.same(section(text), []);
  t.same(configOf(`[supd]\n${text}`).http, [
    {
      section: 'unix_http_server',
      kind: 'unix',
      address: '/run/s.sock',
      chmod: 0o770,
      chown: 'zope:save',
      username: 'u',
      password: '100%',
    },
    { section: 'inet_http_server:b', kind: 'inet', address: ':9001' },
    { section: 'inet_http_server:six', kind: 'inet', address: '[::1]:9001' },
  ]);
  t.match(section('[unix_http_server]\nchmod=9\nchown=zz\n'), [
    /file: is missing/,
    /chmod: "9" is not/,
    /chown: there is no user "zz"/,
  ]);
  t.match(section('[inet_http_server]\nport=0\nusername=u\n'), [
    /port 0 does not exist/,
    /username: needs password too/,
  ]);
});

test('the usual RPC interface gives methods their names, another one is an error', async (t) => {
  const key = 'supervisor.rpcinterface_factory';
  const usual = `${key}=supervisor.rpcinterface:make_main_rpcinterface\n`;
  const text = `[supd]\n[rpcinterface:supervisor]\n${usual}extra=1\n[rpcinterface:other]\n${usual}`;
  t.same(problemsOf(text), []);
  t.same(configOf(text).rpcInterfaces, ['supervisor', 'other']);
  t.same(configOf('[supd]\n').rpcInterfaces, []);
  const loaded = loadText(`[supd]\n[rpcinterface:twiddler]\n${key}=twiddler:make\n`);
  t.notOk(loaded.ok);
  t.match(loaded.problems, [
    {
      line: 3,
      key,
      message: /"twiddler:make" is a plugin in Python.*right is supervisor.rpcinterface:make_/,
    },
  ]);
  t.match(problemsOf('[supd]\n[rpcinterface:x]\n').join(), /rpcinterface_factory: is missing/);
});
