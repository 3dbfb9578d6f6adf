import { test } from 'tap';
import type { Client, GroupChange } from '../../src/grpc/client.js';
import { broken, call, failing, stream } from './outside.js';

const done = async () => {};

test('avail has the columns of supervisorctl', async (t) => {
  const one = {
    name: 'a',
    group: 'a',
    inUse: true,
    autostart: true,
    groupPriority: 999,
    processPriority: 5,
    command: 'sleep 1',
  };
  const long = {
    ...one,
    name: 'long_name_that_is_longer_than_thirty_chars',
    group: 'g',
    inUse: false,
    autostart: false,
  };
  const client: Partial<Client> = { listConfigurations: async () => [one, long] };
  t.equal(
    (await call(client, ['avail'])).out,
    'a                                in use    auto      999:5\n' +
      'g:long_name_that_is_longer_than_thirty_chars avail     manual    999:5\n',
  );
  t.strictSame(JSON.parse((await call(client, ['avail', '--json'])).out), [one, long]);
});

test('reread tells groups by name, or that there is nothing new', async (t) => {
  const answer = { added: ['z', 'b'], changed: ['a'], removed: ['m'], warnings: ['supd.conf:3: odd'] };
  const called = await call({ rereadConfiguration: async () => answer }, ['reread']);
  t.equal(called.out, 'a: changed\nb: available\nm: disappeared\nz: available\n');
  t.equal(called.err, 'supd.conf:3: odd\n');
  const nothing = { added: [], changed: [], removed: [], warnings: [] };
  const same = await call({ rereadConfiguration: async () => nothing }, ['reread']);
  t.equal(same.out, 'No config updates to processes\n');
});

test('a configuration with errors is told whole', async (t) => {
  const problems = ['supd.conf:1: one', 'supd.conf:2: two'];
  const client = { rereadConfiguration: failing('BAD_CONFIG', 'supd.conf:1: one', problems) };
  const called = await call(client, ['reread']);
  t.strictSame(called, { out: 'ERROR: CANT_REREAD: supd.conf:1: one\n', err: 'supd.conf:2: two\n', exit: 1 });
});

test('update prints each step in the words of supervisorctl', async (t) => {
  const changes: readonly GroupChange[] = [
    { group: 'old', change: 'STOPPED', message: '' },
    { group: 'old', change: 'REMOVED', message: '' },
    { group: 'a', change: 'STOPPED', message: '' },
    { group: 'a', change: 'UPDATED', message: '' },
    { group: 'new', change: 'ADDED', message: '' },
  ];
  const called = await call({ updateGroups: () => stream(...changes) }, ['update']);
  t.equal(
    called.out,
    'old: stopped\nold: removed process group\na: stopped\na: updated process group\nnew: added process group\n',
  );
  t.equal(called.exit, 0);
  const bad: readonly GroupChange[] = [
    { group: 'x', change: 'UNKNOWN', message: '' },
    { group: 'y', change: 'FAILED', message: 'it was started again' },
  ];
  const failed = await call({ updateGroups: () => stream(...bad) }, ['update', 'x', 'y']);
  t.equal(failed.out, 'ERROR: no such group: x\ny: has problems; not removing\n');
  t.equal(failed.err, 'supctl: y: it was started again\n');
  t.equal(failed.exit, 1);
});

test('update all means the same as update', async (t) => {
  const asked: unknown[] = [];
  const client: Partial<Client> = {
    updateGroups: (request) => {
      asked.push(request?.groups);
      return stream<GroupChange>();
    },
  };
  await call(client, ['update', 'all']);
  await call(client, ['update', 'a']);
  t.strictSame(asked, [[], ['a']]);
});

test('add and remove have the words of supervisorctl, and go on after a failure', async (t) => {
  const add = (code: Parameters<typeof failing>[0]): Partial<Client> => ({
    addGroup: ({ group }) => (group === 'a' ? done() : failing(code)()),
  });
  const remove = (code: Parameters<typeof failing>[0]): Partial<Client> => ({
    removeGroup: ({ group }) => (group === 'a' ? done() : failing(code)()),
  });
  const outcome = async (client: Partial<Client>, verb: string) => {
    const { out, exit } = await call(client, [verb, 'b', 'a']);
    return [out, exit];
  };
  const added = 'a: added process group\n';
  t.strictSame(await outcome(add('ALREADY_ADDED'), 'add'), [
    `ERROR: process group already active\n${added}`,
    0,
  ]);
  t.strictSame(await outcome(add('BAD_NAME'), 'add'), [`ERROR: no such process/group: b\n${added}`, 1]);
  t.strictSame(await outcome(add('SHUTTING_DOWN'), 'add'), [`ERROR: shutting down\n${added}`, 1]);
  const removed = 'a: removed process group\n';
  t.strictSame(await outcome(remove('STILL_RUNNING'), 'remove'), [
    `ERROR: process/group still running: b\n${removed}`,
    1,
  ]);
  t.strictSame(await outcome(remove('BAD_NAME'), 'remove'), [
    `ERROR: no such process/group: b\n${removed}`,
    1,
  ]);
});

test('shutdown and reload answer at once', async (t) => {
  t.strictSame(await call({ shutdown: done }, ['shutdown']), { out: 'Shut down\n', err: '', exit: 0 });
  t.strictSame(await call({ reload: done }, ['reload']), {
    out: 'Restarted supervisord\n',
    err: '',
    exit: 0,
  });
});

test('during a shutdown each command says so in its own way', async (t) => {
  const closing = failing('SHUTTING_DOWN');
  const outcome = async (client: Partial<Client>, verb: string) => {
    const { out, exit } = await call(client, [verb]);
    return [out, exit];
  };
  t.strictSame(await outcome({ shutdown: closing }, 'shutdown'), ['ERROR: already shutting down\n', 0]);
  t.strictSame(await outcome({ reload: closing }, 'reload'), ['ERROR: already shutting down\n', 1]);
  t.strictSame(await outcome({ updateGroups: () => broken('SHUTTING_DOWN') }, 'update'), [
    'ERROR: already shutting down\n',
    1,
  ]);
  t.strictSame(await outcome({ rereadConfiguration: closing }, 'reread'), [
    'ERROR: supervisor shutting down\n',
    1,
  ]);
  t.strictSame(await outcome({ listConfigurations: closing }, 'avail'), [
    'ERROR: supervisor shutting down\n',
    1,
  ]);
});

test('without a daemon shutdown supposes that it is done already, the others fail plainly', async (t) => {
  t.strictSame(await call({ shutdown: failing('NO_SOCKET') }, ['shutdown']), {
    out: 'ERROR: unix:///run/supd.sock no such file (already shut down?)\n',
    err: '',
    exit: 1,
  });
  t.strictSame(await call({ shutdown: failing('REFUSED') }, ['shutdown']), {
    out: 'ERROR: unix:///run/supd.sock refused connection (already shut down?)\n',
    err: '',
    exit: 1,
  });
  const called = await call({ listConfigurations: failing('NO_SOCKET') }, ['avail']);
  t.strictSame([called.out, called.exit], ['error: unix:///run/supd.sock no such file\n', 1]);
});

test('commands without arguments refuse them, with their help', async (t) => {
  for (const verb of ['reload', 'shutdown', 'reread', 'avail', 'version']) {
    const { out, exit } = await call({}, [verb, 'x']);
    t.match(out, new RegExp(`^Error: ${verb} accepts no arguments\n${verb} `), verb);
    t.equal(exit, 1);
  }
});
