/** Options of jobs, and of who is told about them. */
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
  requires_stopped: {
    type: 'list',
    default: '',
    doc: 'programs stopped before and started after',
    example: 'example',
  },
  holds: {
    type: 'list',
    default: '',
    doc: 'programs that nobody may stop meanwhile',
    example: 'example',
    served: 'later',
  },
  notify: {
    type: 'list',
    default: '',
    doc: 'notify sections that are told',
    example: 'operators',
    served: 'later',
  },
} as const satisfies Table;

/** [notify:x]. */
export const NOTIFY = {
  mail: { type: 'list', default: '', doc: 'mail addresses', example: 'root@localhost' },
  smtp: { type: 'address', otherwise: 'sendmail', doc: 'mail server, host:port', example: 'localhost:25' },
  smtp_user: { type: 'text', doc: 'user name at the mail server', example: 'supd' },
  smtp_password: { type: 'text', secret: true, doc: 'its password', example: 'secret' },
  smtp_tls: { type: 'bool', default: 'false', doc: 'TLS from the first byte' },
  from: { type: 'text', doc: 'sender of the mails', example: 'supd@localhost' },
  webhook: { type: 'url', doc: 'URL that each message is posted to', example: 'http://localhost:8000/hook' },
  command: { type: 'text', doc: 'command that reads the message', example: '/bin/cat' },
  on: {
    type: 'list',
    default: '',
    doc: 'what to tell: failed, degraded, recovered, missed, fatal, unhealthy …',
    example: 'failed',
  },
  every: { type: 'span', default: '0', doc: 'least time between two messages of a kind' },
} as const satisfies Table;
