/** The real HAProxy and Varnish take new files over while visitors come, and refuse broken ones in their own words. */
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Test, test } from 'tap';
import { program } from '../helpers/place.js';
import { requireStack } from '../helpers/require.js';
import { startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';
import { freePorts } from './ports.js';
import { childrenOf } from './processes.js';
import { readConf } from './site.js';

/** A server that says what it is told to. */
async function backend(t: Test, words: string): Promise<number> {
  const server = http.createServer((_, answer) => answer.end(words));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

function haproxyConf(port: number, behind: number): string {
  return [
    'defaults',
    '  mode http',
    '  timeout connect 5s',
    '  timeout client 20s',
    '  timeout server 20s',
    'frontend visitors',
    `  bind 127.0.0.1:${port}`,
    '  default_backend app',
    'backend app',
    `  server one 127.0.0.1:${behind}`,
    '',
  ].join('\n');
}

function get(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port, path: '/', agent: false }, (answer) => {
      let text = '';
      answer.on('data', (more: Buffer) => {
        text += more.toString();
      });
      answer.once('end', () =>
        answer.statusCode === 200 ? resolve(text) : reject(new Error(`${answer.statusCode}`)),
      );
      answer.once('error', reject);
    });
    request.once('error', reject);
  });
}

/** Ten visitors who come again and again. @returns ends it, with how many were served and what failed */
function visitors(
  port: number,
): () => Promise<{ readonly served: number; readonly failed: readonly string[] }> {
  let over = false;
  let served = 0;
  const failed: string[] = [];
  const visits = Array.from({ length: 10 }, async () => {
    while (!over) {
      await get(port).then(
        () => {
          served += 1;
        },
        (error) => failed.push(String(error)),
      );
    }
  });
  return async () => {
    over = true;
    await Promise.all(visits);
    return { served, failed };
  };
}

/** As conf/supd.conf has it: what it says of a broken file must be readable. */
function checkOf(name: string): string {
  const [, section = ''] = readConf('supd.conf').split(`[program:${name}]\n`);
  return /^reload_check=(.*)$/m.exec(section)?.[1] ?? '';
}

test('HAProxy: a broken file is refused in its own words, a good one gets a new worker, and no visitor is lost', async (t) => {
  if (!requireStack(t, ['haproxy'])) return;
  const [port = 0] = await freePorts(1);
  const [one, two] = [await backend(t, 'one'), await backend(t, 'two')];
  const file = '%(here)s/haproxy.cfg';
  const supd = await startSupd(
    t,
    program('haproxy', `haproxy -W -db -f ${file}`, {
      autostart: false,
      reload_check: checkOf('haproxy'),
      reload_signal: 'USR2',
    }),
    { env: { PATH: `${process.env.PATH}:/usr/sbin` } },
  );
  writeFileSync(`${supd.dir}/haproxy.cfg`, haproxyConf(port, one));
  await supd.told('start', 'haproxy');
  const { pid } = await supd.state('haproxy', 'RUNNING');
  await until('HAProxy to serve', async () => (await get(port)) === 'one');
  const [worker] = childrenOf(pid);
  const leave = visitors(port);
  writeFileSync(
    `${supd.dir}/haproxy.cfg`,
    haproxyConf(port, two).replace('default_backend', 'default_backemd'),
  );
  const refused = await supd.told('reload-program', 'haproxy');
  t.match(refused, {
    status: 1,
    stdout: /^haproxy: NOT reloaded \(reload_check: exit status 1; nothing was done\)\n/,
  });
  t.match(refused.stdout, /unknown keyword 'default_backemd' in 'frontend' section/);
  t.same(childrenOf(pid), [worker], 'the worker is the one that it was');
  t.equal(await get(port), 'one');
  writeFileSync(`${supd.dir}/haproxy.cfg`, haproxyConf(port, two));
  t.match(await supd.told('reload-program', 'haproxy'), {
    status: 0,
    stdout: 'haproxy: reloaded (SIGUSR2)\n',
  });
  await until('the new worker', async () => (await get(port)) === 'two');
  await until('the old worker to be gone', () => !childrenOf(pid).includes(worker ?? 0));
  t.equal((await supd.state('haproxy', 'RUNNING')).pid, pid);
  const { served, failed } = await leave();
  t.ok(served > 100, `${served} served`);
  t.strictSame(failed, []);
});

test('Varnish: a broken VCL is refused in its own words, a good one answers at once', async (t) => {
  if (!requireStack(t, ['root', 'varnishd', 'gcc'])) return;
  const [port = 0] = await freePorts(1);
  const [one, two] = [await backend(t, 'one'), await backend(t, 'two')];
  const vcl = (behind: number) =>
    `vcl 4.1;\nbackend app { .host = "127.0.0.1"; .port = "${behind}"; }\nsub vcl_recv { return (pass); }\n`;
  const supd = await startSupd(
    t,
    program(
      'varnish',
      `varnishd -F -n %(here)s/varnish -a 127.0.0.1:${port} -f %(here)s/default.vcl -s malloc,16m`,
      {
        autostart: false,
        reload_check: checkOf('varnish'),
        reload_command: `sh -c 'v=supd-$(date +%%s%%N); varnishadm -n %(here)s/varnish vcl.load $v %(here)s/default.vcl && varnishadm -n %(here)s/varnish vcl.use $v'`,
      },
    ),
    { env: { PATH: `${process.env.PATH}:/usr/sbin` } },
  );
  writeFileSync(`${supd.dir}/default.vcl`, vcl(one));
  await supd.told('start', 'varnish');
  const { pid } = await supd.state('varnish', 'RUNNING');
  await until('Varnish to serve', async () => (await get(port)) === 'one');
  writeFileSync(`${supd.dir}/default.vcl`, vcl(two).replace('pass', 'pas'));
  const refused = await supd.told('reload-program', 'varnish');
  t.equal(refused.status, 1);
  t.match(refused.stdout, /NOT reloaded .*\bpas\b/s);
  t.equal(await get(port), 'one');
  writeFileSync(`${supd.dir}/default.vcl`, vcl(two));
  t.match(await supd.told('reload-program', 'varnish'), { status: 0 });
  t.equal(await get(port), 'two');
  t.equal((await supd.state('varnish', 'RUNNING')).pid, pid);
});
