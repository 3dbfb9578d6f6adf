import { once } from 'node:events';
import http from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'tap';
import { fakeApi, instance1 } from '../grpc/fake-api.js';
import { program, section } from '../helpers/place.js';
import { ONCE_FAR_OFF } from '../helpers/schedules.js';
import { startSupd } from '../helpers/start-supd.js';
import { serve } from './serve.js';

const GET = 'GET /metrics HTTP/1.1\r\nConnection: close\r\n\r\n';

test('/metrics tells of supd, of each process and of each job, in the format of Prometheus', async (t) => {
  const { raw } = await serve(t);
  const answer = await raw(GET);
  t.match(answer, /^HTTP\/1.1 200 OK\r\n/);
  t.match(answer, /Content-Type: text\/plain; version=0\.0\.4/);
  for (const line of [
    '# TYPE supd_process_state gauge',
    'supd_process_state{group="instances",name="instance1",state="RUNNING"} 1',
    'supd_process_state{group="zeo",name="zeo",state="FATAL"} 1',
    'supd_process_ready{group="zeo",name="zeo"} 0',
    'supd_process_healthy{group="instances",name="instance1"} 1',
    'supd_process_restarts{group="instances",name="instance1"} 2',
    'supd_process_start_time_seconds{group="instances",name="instance1"} 1700000000.123',
    `supd_process_memory_bytes{group="instances",name="instance1"} ${5 * 2 ** 32}`,
    'supd_job_last_run_outcome{job="nightly",outcome="failed"} 1',
  ])
    t.ok(answer.includes(`${line}\n`), line);
  t.notMatch(answer, /supd_process_healthy\{group="zeo"/, 'nobody asks how zeo is');
  const samples = answer
    .slice(answer.indexOf('\r\n\r\n') + 4)
    .trimEnd()
    .split('\n');
  for (const line of samples)
    t.match(line, /^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="([^"\\]|\\.)*"(,\w+="([^"\\]|\\.)*")*\})? [-0-9.e+]+)$/);
});

test('a name that has quotes, backslashes or line ends does not end its label', async (t) => {
  const odd = { ...instance1, name: 'a"b\\c\nd' };
  const api = { ...fakeApi(), processes: () => ({ processes: [odd], unknown: [] }) };
  const { raw } = await serve(t, { api });
  t.ok((await raw(GET)).includes('name="a\\"b\\\\c\\nd"'));
});

test('/metrics asks for the password that there is, and is not there with compat=strict', async (t) => {
  const closed = await serve(t, { username: 'u', password: 'p' });
  t.match(await closed.raw(GET), /^HTTP\/1.1 401 /);
  const strict = await serve(t, { compat: 'strict' });
  t.match(await strict.raw(GET), /^HTTP\/1.1 404 /);
  const { raw } = await serve(t);
  t.match(
    await raw('POST /metrics HTTP/1.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'),
    /^HTTP\/1.1 400 /,
  );
});

test('an overdue job is in the metrics of a supd that never ran it', async (t) => {
  const supd = await startSupd(
    t,
    section('unix_http_server', { file: '%(here)s/http.sock' }) +
      program('a', 'waits') +
      section('job:backup', { command: '/bin/true', schedule: ONCE_FAR_OFF, max_age: 1 }),
  );
  await supd.state('a', 'RUNNING');
  await supd.logs('backup: overdue');
  const request = http.get({ socketPath: `${supd.dir}/http.sock`, path: '/metrics' });
  const [response] = await once(request, 'response');
  const answer = await text(response);
  t.match(answer, /^supd_job_overdue\{job="backup"\} 1$/m);
  t.match(answer, /^supd_process_state\{group="a",name="a",state="RUNNING"\} 1$/m);
  t.match(answer, /^supd_memory_bytes [1-9]/m);
});
