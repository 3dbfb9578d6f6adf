/** What runs in the soak: fifty programs of every temper, jobs every few seconds, an event listener, both HTTP doors. */
import { job, listener, type Options, program, section } from '../helpers/place.js';

const times = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

/** So many programs `KIND1`, `KIND2` … */
function several(
  count: number,
  kind: string,
  command: string | ((n: number) => string),
  options: Options = {},
) {
  return times(count).map((n) => {
    const words = typeof command === 'string' ? command : command(n);
    return { name: `${kind}${n}`, text: program(`${kind}${n}`, words, options) };
  });
}

const always = { autorestart: true };
const rotated = (maxbytes: string) => ({ stdout_logfile_maxbytes: maxbytes, stdout_logfile_backups: 3 });

const PROGRAMS = [
  ...several(8, 'waits', 'waits', always),
  ...several(8, 'crashes', (n) => `exits-after ${n / 2} ${n}`, { ...always, startsecs: 0 }),
  ...several(4, 'ends', (n) => `exits-after ${n} 0`, { ...always, startsecs: 0 }),
  ...several(8, 'chatters', 'chatters 40 100', { ...always, ...rotated('50KB') }),
  ...several(4, 'floods', 'chatters 4000 100', { ...always, ...rotated('1MB') }),
  ...several(2, 'grumbles', 'chatters 40 80 1', { ...always, redirect_stderr: true, ...rotated('50KB') }),
  ...several(4, 'forks', 'forks-a-child', always),
  ...several(2, 'leaves', 'setsid-child', always),
  ...several(4, 'stubborn', 'ignores-sigterm', { ...always, stopwaitsecs: 1 }),
  ...several(4, 'fails', 'exits-after 0.05 1', { ...always, startsecs: 1, startretries: 2 }),
  ...several(2, 'reads', 'reads-stdin', always),
];

/** Programs that can be asked for anything at any time. */
export const NAMES: readonly string[] = PROGRAMS.map(({ name }) => name);
/** Those that write, whose logs are looked at. */
export const WRITERS = NAMES.filter((name) => /^(chatters|floods|grumbles)/.test(name));
export const READERS = NAMES.filter((name) => name.startsWith('reads'));
export const JOBS = ['quick', 'night', 'fails-twice', 'too-long', 'alone'];

/** Runs that are kept of each job. */
export const HISTORY = 20;

/** @param variant  every other one has a program more, and another environment for one group */
export function configuration(variant: number): string {
  const history = HISTORY;
  const odd = variant % 2 === 1;
  return [
    ...PROGRAMS.map(({ text }) => text),
    odd ? program('comes-and-goes', 'waits') : '',
    program('changes', 'waits', { environment: `VARIANT="${odd ? 'odd' : 'even'}"` }),
    listener('told', 'listens ok', 'PROCESS_STATE_EXITED,TICK_5'),
    job('one', 'adds-a-line /dev/null 0.1', { history }),
    job('two', 'says done /', { history }),
    section('job:night', { steps: 'one,two', schedule: '*/5 * * * * *', history }),
    job('quick', 'says ran /', { schedule: '*/2 * * * * *', history }),
    job('fails-twice', 'exits-after 0 3', {
      schedule: '*/7 * * * * *',
      retries: 1,
      retry_delay: '1s',
      history,
    }),
    job('too-long', 'sleep 1000', { schedule: '*/10 * * * * *', timeout: '1s', history }),
    job('alone', 'exits-after 3 0', { schedule: '*/2 * * * * *', lock: '%(here)s/alone.lock', history }),
    section('unix_http_server', { file: '%(here)s/http.sock' }),
    section('rpcinterface:supervisor', {
      'supervisor.rpcinterface_factory': 'supervisor.rpcinterface:make_main_rpcinterface',
    }),
  ].join('\n');
}
