/** Options of jobs, and of who is told about them. */
import { NOTICE_WORDS } from '../../core/notice.js';
import type { Table } from './row.js';

/** [job:x]. */
export const JOB = {
  command: {
    type: 'text',
    doc: 'what to run, split into words as a shell does; or steps',
    example: '/bin/true',
  },
  steps: { type: 'list', doc: 'other jobs, run one after the other; or command', example: 'pack,backup' },
  schedule: {
    type: 'schedule',
    otherwise: 'by hand only',
    doc: 'five or six cron fields, or @daily …',
    example: '0 3 * * *',
  },
  timezone: {
    type: 'timezone',
    otherwise: "the machine's",
    doc: 'time zone of the schedule',
    example: 'Europe/Berlin',
  },
  user: { type: 'user', otherwise: "the daemon's", doc: 'user it runs as', example: 'root' },
  directory: { type: 'loose directory', otherwise: "the daemon's", doc: 'working directory', example: '/' },
  environment: {
    type: 'environment',
    secret: true,
    default: '',
    doc: 'variables over those of the daemon: KEY="value",KEY2="value2"',
    example: 'LANG="C.UTF-8"',
  },
  umask: { type: 'octal', otherwise: "the daemon's", doc: 'umask of the process', example: '022' },
  timeout: {
    type: 'span',
    otherwise: 'no bound',
    doc: 'time an attempt, or a whole sequence, may take',
    example: '1h',
  },
  retries: { type: 'whole', default: '0', doc: 'further attempts after a failure' },
  retry_delay: {
    type: 'spans',
    default: '60s',
    doc: 'pauses before the retries, separated by commas; the last repeats',
  },
  retry_exitcodes: {
    type: 'exitcodes',
    otherwise: 'any failure',
    doc: 'statuses worth a retry',
    example: '10,12,30',
  },
  exitcodes: { type: 'exitcodes', default: '0', doc: 'statuses that are a success' },
  warn_exitcodes: {
    type: 'exitcodes',
    default: '',
    doc: 'statuses that are a success with a warning',
    example: '24',
  },
  fail_on_output: { type: 'bool', default: 'false', doc: 'any output is a failure' },
  needs: {
    type: 'list',
    otherwise: 'the step before',
    doc: 'as a step: steps that must have succeeded; empty: whatever happened',
    example: 'pack',
  },
  on_failure: {
    type: 'choice',
    choices: ['fail', 'degrade'],
    default: 'fail',
    doc: 'as a step: what its failure makes of the run',
  },
  lock: {
    type: 'path',
    doc: 'file locked (flock) for the whole run; held by another: skipped',
    example: '/run/job.lock',
  },
  overlap: {
    type: 'choice',
    choices: ['skip', 'queue'],
    default: 'skip',
    doc: 'when it is due while it still runs',
  },
  catchup: { type: 'span', default: '1d', doc: 'how late a missed run may still start' },
  jitter: { type: 'span', default: '0', doc: 'random delay of a scheduled start, at most' },
  history: { type: 'whole', default: '100', doc: 'runs that are kept, with their output' },
  max_age: {
    type: 'span',
    otherwise: 'no bound',
    doc: 'age of the last good run, by itself or as a step, above which it is overdue',
    example: '26h',
  },
  requires_stopped: {
    type: 'list',
    default: '',
    doc: 'programs stopped before and started after',
    example: 'example',
  },
  holds: {
    type: 'list',
    default: '',
    doc: 'programs whose stop and restart wait until it is over',
    example: 'example',
  },
  notify: {
    type: 'list',
    otherwise: 'all of them',
    doc: 'notify sections that are told how it went; empty: nobody',
    example: 'operators',
  },
} as const satisfies Table;

/** [notify:x]. */
export const NOTIFY = {
  mail: { type: 'list', doc: 'mail addresses', example: 'root@localhost' },
  smtp: { type: 'address', otherwise: 'sendmail', doc: 'mail server, host:port', example: 'localhost:25' },
  smtp_user: { type: 'text', doc: 'user name at the mail server', example: 'supd' },
  smtp_password: { type: 'text', secret: true, doc: 'its password', example: 'secret' },
  smtp_tls: {
    type: 'bool',
    default: 'false',
    doc: 'TLS from the first byte; else STARTTLS if there is. A CA of your own: NODE_EXTRA_CA_CERTS',
  },
  from: {
    type: 'text',
    otherwise: 'supd@ the machine',
    doc: 'sender of the mails',
    example: 'supd@localhost',
  },
  webhook: {
    type: 'url',
    doc: 'URL that each message is posted to as JSON',
    example: 'http://localhost:8000/hook',
  },
  command: { type: 'text', doc: 'command that reads the message', example: '/bin/cat' },
  on: {
    type: 'list',
    otherwise: 'all of these',
    doc: `what is told: ${NOTICE_WORDS.join(', ')}`,
    example: 'failed',
  },
  every: {
    type: 'span',
    default: '0',
    doc: 'least time between two messages of one cause; what is too soon is told later, once',
  },
} as const satisfies Table;
