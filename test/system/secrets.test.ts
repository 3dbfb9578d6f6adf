/** Passwords and values of variables: no log, no status, no event and no error tells them, at any door. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import tap, { test } from 'tap';
import { job, makePlace, program, section } from '../helpers/place.js';
import { startIn } from '../helpers/start-supd.js';

tap.setTimeout(120_000);

/** Looked for in all that anybody can see. */
const CANARY = 'c4n4ry-0f-4ll-s3cr3ts';

const whole = (dir: string) => [
  program('a', 'waits', { environment: `A_TOKEN="${CANARY}"`, env_file: `${dir}/env` }),
  program('broken', '/nowhere/at-all', { environment: `B_TOKEN="${CANARY}"`, startretries: 0 }),
  job('j', 'exits-after 0 3', { environment: `C_TOKEN="${CANARY}"` }),
  section('unix_http_server', { file: `${dir}/http.sock`, username: 'admin', password: CANARY }),
  section('supctl', { serverurl: `unix://${dir}/run/supd.sock`, username: 'admin', password: CANARY }),
];

test('a working configuration’s secrets appear nowhere, at the most talkative log level either', async (t) => {
  const place = makePlace(t, '');
  writeFileSync(path.join(place.dir, 'env'), `D_TOKEN=${CANARY}\n`, { mode: 0o600 });
  place.configure(whole(place.dir).join('\n'), { loglevel: 'trace', environment: `E_TOKEN="${CANARY}"` });
  const supd = await startIn(t, place);
  const { pid } = await supd.state('a', 'RUNNING');
  t.match(readFileSync(`/proc/${pid}/environ`, 'utf8'), `A_TOKEN=${CANARY}\0`, 'the program has it');
  await supd.state('broken', 'FATAL');
  const commands: readonly (readonly string[])[] = [
    ['status', '--json'],
    ['avail', '--json'],
    ['why', 'a', '--json'],
    ['why', 'broken'],
    ['reread'],
    ['restart', 'a', '--reason', 'a look'],
    ['start', 'broken'],
    ['job', 'run', 'j'],
    ['job', 'list', '--json'],
    ['job', 'runs', 'j', '--json'],
    ['check'],
    ['version'],
    ['pid', '--json'],
  ];
  for (const words of commands) {
    const { stdout, stderr } = await supd.told(...words);
    t.notMatch(stdout + stderr, CANARY, words.join(' '));
  }
  const events = new AbortController();
  for await (const one of supd.client.watchEvents({ resumeToken: 'x-0' }, { signal: events.signal })) {
    t.notMatch(JSON.stringify(one), CANARY);
    if (one.kind === 'event' && one.event.type === 'JOB_ENDED') break;
  }
  t.notMatch(supd.read('supd.log'), CANARY);
  t.notMatch(await filesThatOthersRead(supd.dir, [supd.conf]), CANARY);
});

/** The text of all files below, apart from those that only their owner may read. */
async function filesThatOthersRead(dir: string, but: readonly string[]): Promise<string> {
  const names = readdirSync(dir, { recursive: true, encoding: 'utf8' });
  const files = names.map((name) => path.join(dir, name)).filter((file) => !but.includes(file));
  return files
    .map((file) => ({ file, stat: statSync(file) }))
    .filter(({ stat }) => stat.isFile() && (stat.mode & 0o077) !== 0)
    .map(({ file }) => readFileSync(file, 'utf8'))
    .join('\n');
}

test('what is wrong with a secret is told without it', async (t) => {
  const place = makePlace(t, '');
  const check = async (text: string): Promise<string> => {
    place.configure(text);
    const { stdout, stderr } = await place.run(['--check', '-c', place.conf]);
    const other = await place.ctl(['check']);
    return stdout + stderr + other.stdout + other.stderr;
  };
  const http = (password: string) =>
    `[unix_http_server]\nfile=${place.dir}/h.sock\nusername=u\npassword=${password}\n`;
  const programWith = (line: string) => `[program:a]\ncommand=/bin/cat\n${line}\n`;
  writeFileSync(path.join(place.dir, 'env'), `just ${CANARY}\n`);
  const broken = [
    http(`%(${CANARY}`),
    http(`%${CANARY}`),
    `[unix_http_server]\nfile=x\npassword=${CANARY}\n`,
    `[unix_http_server]\nfile=x\nusername=u\npassword=\n${CANARY} x\n`,
    programWith(`environment=A="${CANARY}`),
    programWith(`environment=A=${CANARY}@x=y`),
    programWith(`environment=A=x@${CANARY.replaceAll('-', '_')}=`),
    programWith(`environment=A="x" ${CANARY}`),
    programWith(`environment=${CANARY}`),
    programWith(`environment=A="%${CANARY}"`),
    programWith(`environment=A="x",\n${CANARY} "y"`),
    programWith(`env_file=${place.dir}/env`),
    `[notify:n]\nmail=a@example.org\nsmtp_password=%(${CANARY}\n`,
    `[supctl]\npassword=%(${CANARY}\n`,
  ];
  for (const text of broken) {
    const told = await check(text);
    t.notMatch(told, CANARY, text.replace(CANARY, '*'));
    t.notMatch(told, CANARY.replaceAll('-', '_'), text.replace(CANARY, '*'));
    t.match(told, /supd\.conf/, 'and yet it is told');
  }
});
