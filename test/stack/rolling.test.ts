/** The Zopes restarted one after the other while visitors come in: by supd, and by supervisord in the only way it has. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import root, { type Test, test } from 'tap';
import { load, type Told } from '../helpers/load.js';
import { endProgram, runAs, startProgram } from './processes.js';
import { type Site, VENV } from './site.js';
import { type Stack, shareStack } from './stack.js';
import { until } from './until.js';
import { ask } from './web.js';

root.setTimeout(900_000);
const open = shareStack(root);

const TIMES = 5;
const ZOPES = ['instance1', 'instance2'];

/** Ten visitors at HAProxy. */
function visitors(t: Test, site: Site): () => Promise<Told> {
  const dir = path.join(site.base, 'visitors');
  mkdirSync(path.join(dir, 'bin'), { recursive: true });
  cpSync('test/fixtures/loads', path.join(dir, 'bin/loads'));
  return load(t, dir, `http://127.0.0.1:${site.ports.haproxy}/kb`);
}

function tell(site: Site, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(path.join(site.dir, 'var/haproxy.sock'), () => socket.write(`${command}\n`));
    let text = '';
    socket.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
    socket.once('error', reject).once('end', () => resolve(text));
  });
}

/** Both Zopes are UP for HAProxy. */
function bothUp(site: Site): Promise<true> {
  return until('both Zopes to be UP in HAProxy', async () => {
    const lines = (await tell(site, 'show stat'))
      .split('\n')
      .filter((line) => line.startsWith('zope,instance'));
    return lines.length === 2 && lines.every((line) => line.split(',')[17]?.startsWith('UP'));
  });
}

test('restart --rolling of both Zopes, five times under load, loses no request', async (t) => {
  const stack: Stack | undefined = await open(t);
  if (!stack) return;
  const { site, supd } = stack;
  await bothUp(site);
  const end = visitors(t, site);
  for (let at = 0; at < TIMES; at += 1) {
    const { status, stdout, stderr } = await supd.supctl('restart', '--rolling', ...ZOPES);
    t.equal(status, 0, `${stdout}${stderr}`);
  }
  const told = await end();
  t.comment(`supd: ${JSON.stringify(told)}`);
  t.ok(told.requests > 1000, `${told.requests} requests`);
  t.same(told.failures, {});
});

test('supervisord, which can only restart all, loses many of the same', async (t) => {
  const stack: Stack | undefined = await open(t);
  if (!stack) return;
  const { site, supd } = stack;
  t.equal((await supd.supctl('stop', ...ZOPES)).status, 0);
  const dir = path.join(site.base, 'supervisord');
  mkdirSync(dir);
  const conf = path.join(dir, 'supervisord.conf');
  const programs = ZOPES.map(
    (name) => `[program:${name}]
command=${site.dir}/bin/runwsgi ${site.dir}/${name}/etc/zope.ini
directory=${site.dir}
user=zope
environment=HOME="/home/zope",USER="zope"
startsecs=2
stopsignal=INT
stopwaitsecs=30
autorestart=true
stdout_logfile=${dir}/${name}.out
redirect_stderr=true
`,
  );
  writeFileSync(
    conf,
    `[supervisord]
nodaemon=true
user=root
logfile=${dir}/log
pidfile=${dir}/pid
childlogdir=${dir}
[unix_http_server]
file=${dir}/sock
[supervisorctl]
serverurl=unix://${dir}/sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
${programs.join('')}`,
  );
  const supervisord = startProgram([`${VENV}/bin/supervisord`, '-n', '-c', conf], path.join(dir, 'output'));
  t.teardown(() => endProgram(supervisord));
  for (const port of [site.ports.instance1, site.ports.instance2])
    await until(`an answer on port ${port}`, async () => (await ask(site, port, '/')).status === 200);
  for (const name of ZOPES) await tell(site, `set server zope/${name} state ready`);
  await bothUp(site);
  const end = visitors(t, site);
  for (let at = 0; at < TIMES; at += 1) {
    runAs('root', [`${VENV}/bin/supervisorctl`, '-c', conf, 'restart', 'all']);
    await bothUp(site);
  }
  const told = await end();
  t.comment(`supervisord: ${JSON.stringify(told)}`);
  t.ok(told.failed > 0, 'both are away at once');
  await endProgram(supervisord);
  t.equal((await supd.supctl('start', ...ZOPES)).status, 0);
});
