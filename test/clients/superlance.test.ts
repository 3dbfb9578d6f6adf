/** superlance 2.0 as it is, as event listeners of supd: https://github.com/Supervisor/superlance */
import net from 'node:net';
import tap, { type Test, test } from 'tap';
import { listener, program, section } from '../helpers/place.js';
import { requireStack } from '../helpers/require.js';
import { type Supd, startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

tap.jobs = 4;
tap.setTimeout(180_000);

const BIN = '/opt/supd-stack/venv/bin';
/** What superlance talks to: SUPERVISOR_SERVER_URL is made of it. */
const DOOR =
  section('unix_http_server', { file: '%(here)s/http.sock' }) +
  section('rpcinterface:supervisor', {
    'supervisor.rpcinterface_factory': 'supervisor.rpcinterface:make_main_rpcinterface',
  });
const SENDMAIL = '-m root@localhost -s "%(here)s/bin/keeps-mail %(here)s/mail"';

/** A listener of superlance that runs and has said READY. */
async function startWith(t: Test, text: string, name: string): Promise<Supd> {
  const supd = await startSupd(t, DOOR + text);
  await supd.state(name, 'RUNNING');
  await supd.says(name, 'READY\n');
  return supd;
}

function mailOf(supd: Supd): Promise<string> {
  return until('a mail', () => {
    const mail = supd.read('mail');
    return mail.includes('--end of mail--') && mail;
  });
}

/** A port that was free a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

test('crashmail writes a mail when a program crashes', async (t) => {
  if (!requireStack(t, ['stack'])) return;
  const supd = await startWith(
    t,
    listener('crashmail', `${BIN}/crashmail -a -o here ${SENDMAIL}`, 'PROCESS_STATE_EXITED') +
      program('ends', 'exits-after 0 7', { autostart: false, autorestart: false }) +
      program('well', 'exits-after 0 0', { autostart: false }),
    'crashmail',
  );
  await supd.told('start', 'well');
  await supd.state('well', 'EXITED');
  await supd.told('start', 'ends');
  const mail = await mailOf(supd);
  t.match(mail, /^To: root@localhost\nSubject: here: ends crashed at /m);
  t.match(mail, /Process ends in group ends exited unexpectedly \(pid \d+\) from state RUNNING/);
  t.notMatch(mail, 'well', 'what was expected is no crash');
});

test('fatalmailbatch writes one mail of all that could not start', async (t) => {
  if (!requireStack(t, ['stack'])) return;
  const mails: string[] = [];
  const port = await smtpSink(t, mails);
  const words = `-t root@localhost -f supd@localhost -H 127.0.0.1:${port} -e TICK_5 -i 0.01`;
  const supd = await startWith(
    t,
    listener('fatalmailbatch', `${BIN}/fatalmailbatch ${words}`, 'PROCESS_STATE,TICK_5') +
      program('never', '/bin/false', { autostart: false, startsecs: 60, startretries: 0 }),
    'fatalmailbatch',
  );
  await supd.told('start', 'never');
  const mail = await until('a mail', () => mails[0]);
  t.match(mail, 'Subject: Fatal start alert from supervisord');
  t.match(mail, 'Process never:never failed to start too many times');
});

test('httpok restarts what hangs', async (t) => {
  if (!requireStack(t, ['stack'])) return;
  const port = await freePort();
  const supd = await startWith(
    t,
    listener('httpok', `${BIN}/httpok -p web -t 1 ${SENDMAIL} http://127.0.0.1:${port}/`, 'TICK_5') +
      program('web', `hangs-once ${port}`, { startsecs: 1 }),
    'httpok',
  );
  await supd.says('web', 'hangs\n');
  const { pid } = await supd.state('web', 'RUNNING');
  await supd.says('web', 'answers\n');
  const again = await supd.state('web', 'RUNNING');
  t.not(again.pid, pid);
  t.match(await mailOf(supd), /Subject: httpok: http:\/\/127\.0\.0\.1:\d+\/: bad status returned/);
  t.match(supd.read('httpok.err'), 'web restarted');
});

test('memmon restarts what leaks', async (t) => {
  if (!requireStack(t, ['stack', 'perl', 'ps'])) return;
  const supd = await startWith(
    t,
    listener('memmon', `${BIN}/memmon -p leaky=60MB ${SENDMAIL}`, 'TICK_5') +
      program('leaky', 'leaks-once 100000000') +
      program('thrifty', 'waits'),
    'memmon',
  );
  const { pid } = await supd.state('leaky', 'RUNNING');
  const other = await supd.state('thrifty', 'RUNNING');
  await supd.says('leaky', 'thrifty\n');
  t.not((await supd.state('leaky', 'RUNNING')).pid, pid);
  t.equal((await supd.state('thrifty', 'RUNNING')).pid, other.pid);
  t.match(await mailOf(supd), 'memmon.py restarted the process named leaky:leaky');
});

/** A mail server that keeps what it is sent. @returns its port */
function smtpSink(t: Test, mails: string[]): Promise<number> {
  const server = net.createServer((socket) => {
    let text = '';
    let isMail = false;
    socket.on('error', () => {});
    socket.write('220 here\r\n');
    socket.on('data', (bytes) => {
      text += bytes.toString();
      for (;;) {
        const end = text.indexOf(isMail ? '\r\n.\r\n' : '\r\n');
        if (end < 0) return;
        const said = text.slice(0, end);
        text = text.slice(end + (isMail ? 5 : 2));
        if (isMail) mails.push(said);
        isMail = !isMail && /^data$/i.test(said);
        socket.write(isMail ? '354 go on\r\n' : '250 well\r\n');
      }
    });
  });
  t.teardown(() => server.close());
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as net.AddressInfo).port));
  });
}
