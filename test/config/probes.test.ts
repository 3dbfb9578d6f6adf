import { test } from 'tap';
import { readDependencies, readProbe } from '../../src/config/types/probes.js';
import type { ReadContext } from '../../src/config/types/read.js';

const context = {} as ReadContext;
const probe = (text: string) => {
  const read = readProbe(text, context);
  return read.ok ? read.value : read.why;
};

test('every way to ask is read into what it says', async (t) => {
  t.same(probe('delay'), { kind: 'delay' });
  t.same(probe('notify'), { kind: 'notify' });
  t.same(probe('tcp://127.0.0.1:8081'), { kind: 'tcp', host: '127.0.0.1', port: 8081 });
  t.same(probe('zeo://[::1]:8100'), { kind: 'zeo', host: '::1', port: 8100 });
  t.same(probe('unix:///run/x.sock'), { kind: 'unix', path: '/run/x.sock' });
  t.same(probe('exec: /bin/ok -q "a b"'), { kind: 'exec', command: '/bin/ok -q "a b"' });
  t.same(probe('log:/Ready to (serve|go)/i'), { kind: 'log', pattern: 'Ready to (serve|go)', flags: 'i' });
  t.same(probe('http://127.0.0.1:8081/ok'), { kind: 'http', url: 'http://127.0.0.1:8081/ok' });
  t.same(probe('https://[::1]/x?a=1 status=204 body=all is well'), {
    kind: 'http',
    url: 'https://[::1]/x?a=1',
    status: 204,
    body: 'all is well',
  });
});

test('what is none says what would be right', async (t) => {
  const faults: readonly [string, RegExp][] = [
    ['ready', /"ready" is not a check; right are tcp:\/\/host:port, /],
    ['ftp://x/', /is not a check; right are/],
    ['tcp://8081', /has no host and port; right is tcp:\/\/host:port/],
    ['tcp://h:0', /has no host and port/],
    ['zeo://h:65536', /has no host and port/],
    ['unix://x.sock', /has no absolute path; right is unix:\/\/\/path/],
    ['http://', /is not a check by HTTP; right is http:\/\/host:port\/path/],
    ['http://h/ status=2000', /is not a check by HTTP/],
    ['http://user:secret@h/', /^a check by HTTP sends no name and password/],
    ['exec:', /has no command/],
    ['exec:sh -c "x', /is no command: No closing quotation/],
    ['log:/(/', /Unterminated group/],
    ['log:/x/g', /has flags other than i, m and s/],
    ['log:x', /has no pattern; right is log:\/regex\//],
  ];
  for (const [text, fault] of faults) t.match(probe(text), fault, text);
});

test('dependencies are names, each with what it has to be', async (t) => {
  const read = readDependencies('zeo, cache:started,migrate : COMPLETED , pool:*, pool:a:ready,', context);
  t.same(read.ok && read.value, [
    { on: 'zeo', condition: 'ready' },
    { on: 'cache', condition: 'started' },
    { on: 'migrate', condition: 'completed' },
    { on: 'pool:*', condition: 'ready' },
    { on: 'pool:a', condition: 'ready' },
  ]);
  t.match(readDependencies(':ready', context), {
    ok: false,
    why: /names no program; right is name or name:ready/,
  });
});
