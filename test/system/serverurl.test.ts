import tap, { test } from 'tap';
import { program, section } from '../helpers/place.js';
import { environmentOf } from '../helpers/proc.js';
import { startSupd } from '../helpers/start-supd.js';

tap.jobs = 4;
tap.setTimeout(180_000);

const inet = (name: string, port: string) => section(`inet_http_server:${name}`, { port });
const unix = (name: string) => section(`unix_http_server:${name}`, { file: `%(here)s/${name}.sock` });

// Addresses that only this test uses: nothing else on the machine is there.
const cases: readonly (readonly [what: string, servers: string, url: string | undefined])[] = [
  ['no server', '', undefined],
  ['a port of one address', inet('a', '127.0.77.1:9001'), 'http://127.0.77.1:9001'],
  [
    'the last of several ports',
    inet('a', '127.0.77.2:9001') + inet('b', '127.0.77.2:9002'),
    'http://127.0.77.2:9002',
  ],
  ['an IPv6 address', inet('a', '[::1]:47917'), 'http://[::1]:47917'],
  [
    'the first unix socket before any port',
    inet('a', '127.0.77.3:9001') + unix('b') + unix('c'),
    'unix://DIR/b.sock',
  ],
];

for (const [what, servers, url] of cases) {
  test(`serverurl of programs: AUTO with ${what}, and what a program says itself`, async (t) => {
    const supd = await startSupd(
      t,
      program('auto', 'waits') +
        program('word', 'waits', { serverurl: ' auto' }) +
        program('own', 'waits', { serverurl: 'http://[2001:db8::1]:80/' }) +
        program('none', 'waits', { serverurl: '' }) +
        program('set', 'waits', { environment: 'SUPERVISOR_SERVER_URL="mine"' }) +
        servers,
    );
    const urlOf = async (name: string) =>
      environmentOf((await supd.state(name, 'RUNNING')).pid).SUPERVISOR_SERVER_URL;
    const expected = url?.replace('DIR', supd.dir);
    t.equal(await urlOf('auto'), expected);
    t.equal(await urlOf('word'), expected);
    t.equal(await urlOf('own'), 'http://[2001:db8::1]:80/');
    t.equal(await urlOf('none'), undefined);
    t.equal(await urlOf('set'), 'mine');
  });
}
