/** Python's xmlrpc.client on an inet socket, with and without a password. */
import tap from 'tap';
import { program, section } from '../helpers/place.js';
import { scenario } from './scenario.js';
import { asksAt, holds, states } from './steps.js';

tap.setTimeout(180_000);

const CALLS = [
  'supervisor.getState()',
  "supervisor.getProcessInfo('a')",
  "supervisor.startProcess('a')",
  "supervisor.readProcessLog('a', 0, 0)",
  "post(call('supervisor.getAPIVersion'))",
  "post(None, path='/logtail/nobody', method='GET')",
];

scenario('an inet socket, with a password or without', {
  conf:
    program('a', 'prints-both') +
    section('inet_http_server', { port: '@HOST@' }) +
    section('unix_http_server:guarded', { file: '%(here)s/guarded.sock', username: 'u', password: 'p:w' }),
  steps: [
    states({ a: 'RUNNING' }),
    holds('a.out', 'to stdout'),
    asksAt(['http://@HOST@'], ...CALLS),
    asksAt(['http://@HOST@', 'u', 'wrong'], ...CALLS),
    asksAt(['unix://@DIR@/guarded.sock', 'u', 'p:w'], ...CALLS),
    asksAt(['unix://@DIR@/guarded.sock', 'u', 'wrong'], ...CALLS),
    asksAt(['unix://@DIR@/guarded.sock'], ...CALLS),
  ],
});
