/** Programs that call their own daemon by supervisor.childutils: superlance's way. */
import path from 'node:path';
import tap from 'tap';
import { program, section } from '../helpers/place.js';
import { scenario } from './scenario.js';
import { content, holds, states } from './steps.js';

tap.jobs = 2;
tap.setTimeout(180_000);

const script = path.resolve('test/clients/asks_back.py');
const asksBack = (name: string, options = {}) =>
  program(name, `/usr/bin/python3 ${script}`, { priority: 1000, ...options });
const STEPS = (name: string) => [
  states({ other: 'RUNNING' }),
  holds(`${name}.out`, 'done\n'),
  content(`${name}.out`),
  content(`${name}.err`),
];

scenario('a program finds its daemon by its environment', {
  conf: program('other', 'waits') + asksBack('asks'),
  steps: STEPS('asks'),
});

scenario('a program of a group finds it too', {
  conf:
    program('other', 'waits') + asksBack('asks') + section('group:g', { programs: 'asks', priority: 1000 }),
  steps: STEPS('asks'),
});

scenario('a program goes where serverurl says, with the password of its environment', {
  conf:
    program('other', 'waits') +
    section('inet_http_server', { port: '@HOST@', username: 'admin', password: 'secret' }) +
    asksBack('asks', {
      serverurl: 'http://@HOST@',
      environment: "SUPERVISOR_USERNAME='admin',SUPERVISOR_PASSWORD='secret'",
    }),
  steps: STEPS('asks'),
});

scenario('a program’s own environment wins over the daemon’s', {
  conf:
    program('other', 'waits') +
    section('inet_http_server', { port: '@HOST@' }) +
    asksBack('asks', {
      environment: "SUPERVISOR_USERNAME='',SUPERVISOR_PASSWORD='',SUPERVISOR_SERVER_URL='http://@HOST@'",
    }),
  steps: STEPS('asks'),
});
