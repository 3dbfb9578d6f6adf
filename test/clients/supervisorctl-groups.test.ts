/** Groups, copies of a program, and names that stand for several. */
import tap from 'tap';
import { program, section } from '../helpers/place.js';
import { scenario } from './scenario.js';
import { begin, ctl, ctls, departing, finished, holds, states, writes } from './steps.js';

tap.jobs = 2;
tap.setTimeout(180_000);

const down = { autostart: false };
const GROUPS =
  program('alone', 'waits', { priority: 7 }) +
  program('copy', 'waits', {
    process_name: '%(program_name)s_%(process_num)02d',
    numprocs: 3,
    numprocs_start: 9,
    stdout_logfile: '%(here)s/copy_%(process_num)02d.out',
    stderr_logfile: 'NONE',
    priority: 20,
  }) +
  program('front', 'tells-signals', { priority: 5 }) +
  program('back', 'waits', { ...down, priority: 3 }) +
  program('broken', '/nonexistent/program', { ...down, startretries: 0 }) +
  section('group:site', { programs: 'front,back,broken', priority: 11 }) +
  section('group:again', { programs: 'back' }) +
  section('group:empty', { programs: '' });
const UP = states({
  alone: 'RUNNING',
  'copy:copy_09': 'RUNNING',
  'copy:copy_10': 'RUNNING',
  'copy:copy_11': 'RUNNING',
  'site:front': 'RUNNING',
});
const sorted = { sorted: true };

scenario('groups are named by their members, and members by their group', {
  conf: GROUPS,
  steps: [
    UP,
    holds('front.out', 'ready'),
    ctls(
      'status',
      'avail',
      'status site:*',
      'status copy:*',
      'status copy',
      'status front',
      'status site:front',
    ),
    ctls('status empty:*', 'status site:nobody', 'status alone site:* nobody:* copy:copy_10', 'pid all'),
    ctls('pid site:front', 'pid front', 'pid copy', 'pid copy:copy_09 site:back', 'pid copy:*'),
    ctls(
      'start front',
      'start site:front',
      'start site:broken',
      'start site',
      'start empty:*',
      'start copy:*',
    ),
    ctl('start site:*', sorted),
    ctl('start site:*', sorted),
    ctl('stop site:*', sorted),
    ctls('stop site:*', 'stop empty:*', 'stop copy', 'stop copy:copy_10', 'stop copy:copy_10 copy:copy_99'),
    ctl('stop copy:* alone', sorted),
    ctl('start copy:* alone site:front', sorted),
    ctl('restart copy:* alone nobody:*', sorted),
    ctl('restart again:*', sorted),
    ctl('stop all', sorted),
    ctls('stop all', 'status'),
    ctl('start all', sorted),
    ctl('start all', sorted),
    ctl('restart all', sorted),
    ctl('start all alone', sorted),
    ctl('signal HUP all', sorted),
    ctls('signal HUP site:*', 'signal HUP site', 'signal USR1 empty:*', 'signal TREM empty:*'),
    ctl('clear all', sorted),
    ctls('clear site:front', 'clear site:*', 'clear front', 'clear copy:copy_09 alone nobody'),
    ctls('tail copy:copy_09 stderr', 'tail site:*', 'tail copy', 'tail site:front', 'tail front'),
  ],
});

scenario('stop all goes in reverse order, and waits', {
  conf:
    program('first', 'ends-once go', { priority: 1, stopwaitsecs: 100_000 }) +
    program('second', 'ends-once go', { priority: 2, stopwaitsecs: 100_000 }),
  steps: [
    states({ first: 'RUNNING', second: 'RUNNING' }),
    holds('first.out', 'ready'),
    holds('second.out', 'ready'),
    begin('stop', 'stop all'),
    holds('second.out', 'asked to end'),
    departing('stop all in reverse', ctl('status')),
    writes('go'),
    finished('stop', sorted),
    ctl('status'),
  ],
});
