/** supctl at supd's HTTP sockets: what it says there, and what it says at the control socket. */
import tap, { test } from 'tap';
import { freePort } from '../helpers/free-port.js';
import { program, section } from '../helpers/place.js';
import { startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

tap.setTimeout(300_000);

const factory = { 'supervisor.rpcinterface_factory': 'supervisor.rpcinterface:make_main_rpcinterface' };

test('supctl says the same by XML-RPC as at the control socket', async (t) => {
  const supd = await startSupd(
    t,
    section('unix_http_server', { file: '%(here)s/http.sock', username: 'u', password: 'p' }) +
      section('rpcinterface:supervisor', factory) +
      program('a', 'prints-lines 3') +
      program('b', 'waits', { autostart: false }) +
      section('group:g', { programs: 'b' }),
  );
  await supd.says('a', 'line 000000003\n');
  const login = ['-s', `unix://${supd.dir}/http.sock`, '-u', 'u', '-p', 'p'];
  const steady = (text: string) =>
    text.replace(/uptime \d+:\d\d:\d\d/g, 'uptime').replace(/pid \d+/g, 'pid N');
  for (const words of [
    ['status'],
    ['status', 'g:*', 'nobody'],
    ['avail'],
    ['pid', 'a'],
    ['tail', 'a'],
    ['tail', '-9', 'a', 'stdout'],
    ['tail', 'nobody'],
    ['start', 'a'],
    ['start', 'g:b'],
    ['signal', 'HUP', 'g:b'],
    ['stop', 'g:*'],
    ['restart', 'a'],
    ['reread'],
    ['add', 'a'],
    ['remove', 'a'],
    ['clear', 'g:b'],
    ['stop', 'all'],
    ['start', 'all'],
    ['update'],
  ]) {
    const before = (await supd.told('status')).stdout;
    const here = await supd.told(...words);
    if (before !== '' && ['start', 'stop', 'restart'].includes(words[0] ?? '')) {
      // As it was before the first of the two.
      for (const one of ['a', 'g:b']) {
        const ran = new RegExp(`^${one} +RUNNING`, 'm').test(before);
        await supd.told(ran ? 'start' : 'stop', one);
      }
    }
    const there = await supd.told(...login, ...words);
    t.same(
      { ...there, stdout: steady(there.stdout) },
      { ...here, stdout: steady(here.stdout) },
      words.join(' '),
    );
  }
  t.match(await supd.told('-s', `unix://${supd.dir}/http.sock`, 'status'), {
    status: 1,
    stdout: /requires authentication/,
  });
  t.match(await supd.told(...login, 'job', 'list'), { status: 3, stdout: /XML-RPC/ });
  t.match(await supd.told(...login, 'shutdown'), { status: 0, stdout: 'Shut down\n' });
  t.match(await supd.ended(), { code: 0 });
  await until('the socket to be gone', async () => (await supd.told(...login, 'status')).status === 4);
});

test('each change over XML-RPC is in the log with the peer’s uid and pid, or address and user name, and the reason', async (t) => {
  const port = await freePort();
  const supd = await startSupd(
    t,
    section('unix_http_server', { file: '%(here)s/http.sock' }) +
      section('inet_http_server', { port: `127.0.0.1:${port}`, username: 'admin', password: 'secret' }) +
      section('rpcinterface:supervisor', factory) +
      program('a', 'waits') +
      section('group:g', { programs: 'a' }),
  );
  await supd.state('a', 'RUNNING');
  const uid = process.getuid?.();
  const at = ['-s', `unix://${supd.dir}/http.sock`];
  const reasons = ['stop', 'start', 'restart'].map(
    (verb) => [verb, `to ${verb} für ${'x'.repeat(30)}`] as const,
  );
  for (const [verb, reason] of reasons) {
    t.match(await supd.told(...at, verb, '--reason', reason, 'g:a'), { status: 0 });
    const asked = verb === 'restart' ? 'stop g:a' : `${verb} g:a`;
    await supd.logs(
      new RegExp(`${asked} asked for by uid ${uid} \\(pid \\d+\\) at http\\.sock: ${reason}$`, 'm'),
    );
  }
  await supd.told(...at, 'signal', '--reason', 'a\nline', 'HUP', 'g:a');
  await supd.logs(
    new RegExp(`^.* signal HUP g:a asked for by uid ${uid} \\(pid \\d+\\) at http\\.sock: a line$`, 'm'),
  );
  t.match(await supd.client.explainProcess({ name: 'g:a' }), {
    lastAsked: { what: 'signal SIGHUP', by: /^uid \d+ .pid \d+. at http.sock$/, reason: 'a line' },
  });
  await supd.told(...at, 'clear', 'g:a');
  await supd.logs(new RegExp(`clear logs of g:a asked for by uid ${uid} \\(pid \\d+\\) at http\\.sock`));
  await supd.told(...at, 'reread');
  await supd.logs(/reread asked for by uid \d+ \(pid \d+\) at http\.sock$/m);
  await supd.told(...at, 'stop', 'g:a');
  for (const [verb, told] of [
    ['remove', 'remove g'],
    ['add', 'add g'],
  ] as const) {
    t.match(await supd.told(...at, verb, '--reason', 'by and by', 'g'), { status: 0 });
    await supd.logs(new RegExp(`${told} asked for by uid ${uid} .* at http\\.sock: by and by$`, 'm'));
  }
  const over = ['-s', `http://admin:secret@127.0.0.1:${port}`];
  t.match(await supd.told(...over, 'restart', '--reason', 'from afar', 'g:a'), { status: 0 });
  await supd.logs(`start g:a asked for by admin from 127.0.0.1 at 127.0.0.1:${port}: from afar\n`);
  t.notMatch(supd.read('supd.log'), 'secret');
  t.match(await supd.told(...at, 'shutdown', '--reason', 'the end'), { status: 0 });
  await supd.logs(/shutdown asked for by uid \d+ \(pid \d+\) at http\.sock: the end/);
});
