/** reread, update, add, remove, avail and reload. */
import tap from 'tap';
import { program, section } from '../helpers/place.js';
import { RPC, scenario } from './scenario.js';
import { begin, configures, ctl, ctls, departing, finished, holds, states, writes } from './steps.js';

tap.jobs = 2;
tap.setTimeout(180_000);

const manual = { autostart: false };
const GROUP = section('group:g', { programs: 'one,two' });
const BEFORE =
  program('same', 'waits') +
  program('changes', 'waits') +
  program('goes', 'waits') +
  program('leaves', 'waits', manual) +
  program('one', 'waits') +
  program('two', 'waits', manual) +
  GROUP;
const AFTER =
  program('same', 'waits') +
  program('changes', 'waits anew') +
  program('new', 'waits') +
  program('idle', 'waits', manual) +
  program('one', 'waits', { priority: 5 }) +
  program('two', 'waits', manual) +
  GROUP;
const UP = states({ same: 'RUNNING', changes: 'RUNNING', goes: 'RUNNING', 'g:one': 'RUNNING' });

scenario('reread tells what is new, changed and gone; update does it', {
  conf: BEFORE,
  steps: [
    UP,
    ctls('reread', 'update', 'avail', 'reread x', 'avail x', 'update same', 'update nobody'),
    configures(RPC + AFTER),
    ctls('reread', 'reread', 'avail', 'status', 'status new', 'start new'),
    ctl('update same goes:* nobody', { sorted: true }),
    ctls('update new', 'update new changes'),
    states({ new: 'RUNNING', changes: 'RUNNING' }),
    ctls('status', 'reread'),
    ctl('update'),
    states({ 'g:one': 'RUNNING', idle: 'STOPPED' }),
    ctls('status', 'reread', 'update', 'update all', 'avail'),
    configures(RPC),
    ctls('reread', 'avail'),
    ctl('update', { sorted: true }),
    ctls('status', 'start all', 'stop all', 'signal HUP all', 'pid all', 'clear all', 'avail', 'reread'),
    configures(RPC + BEFORE),
    ctl('update all', { sorted: true }),
    UP,
    ctl('status'),
  ],
});

scenario('add and remove go group by group', {
  conf: BEFORE,
  steps: [
    UP,
    ctls('add', 'remove', 'add new', 'remove new', 'add same', 'remove same', 'remove nobody same goes'),
    configures(RPC + AFTER),
    ctls('add new', 'reread', 'add new', 'add new idle nobody same', 'avail'),
    states({ new: 'RUNNING', idle: 'STOPPED' }),
    ctls('remove new idle', 'remove idle', 'stop goes', 'remove goes goes', 'status', 'add goes', 'avail'),
    ctls('stop changes', 'remove changes', 'add changes', 'add leaves', 'remove leaves'),
    states({ changes: 'RUNNING' }),
    ctls('stop g:*', 'remove g', 'add g', 'remove g:*', 'add g:*', 'add changes:*', 'add one'),
    states({ 'g:one': 'RUNNING' }),
    ctls('status', 'reread', 'avail'),
  ],
});

scenario('a broken configuration is refused by reread and update', {
  conf: program('a', 'waits'),
  steps: [
    states({ a: 'RUNNING' }),
    configures(`${RPC}${program('a', 'waits', { stopsignal: 'SIGTREM' })}`),
    departing('places in errors of reread', ctl('reread')),
    departing('places in errors of update', ctl('update')),
    ctls('status', 'avail'),
    configures(`${RPC}${program('a', 'waits')}no delimiter\n`),
    ctl('reread'),
    ctls('status', 'avail'),
    configures(RPC + program('a', 'waits')),
    ctls('reread', 'update'),
  ],
});

scenario('update waits for what stops', {
  conf: program('slow', 'ends-once go', { stopwaitsecs: 100_000 }) + program('other', 'waits'),
  steps: [
    states({ slow: 'RUNNING', other: 'RUNNING' }),
    holds('slow.out', 'ready'),
    configures(RPC + program('other', 'waits')),
    begin('update', 'update'),
    holds('slow.out', 'asked to end'),
    ctls('status', 'remove slow', 'add slow', 'reread'),
    writes('go'),
    finished('update'),
    ctl('status'),
  ],
});

scenario('reload begins anew', {
  conf: program('a', 'waits') + program('b', 'waits', manual),
  steps: [
    states({ a: 'RUNNING' }),
    ctls('start b', 'reload x'),
    configures(RPC + program('a', 'waits') + program('b', 'waits', manual) + program('c', 'waits')),
    ctl('reload'),
    states({ a: 'RUNNING', b: 'STOPPED', c: 'RUNNING' }),
    ctls('status', 'avail', 'reread', 'pid'),
  ],
});

scenario('reload with a broken configuration', {
  conf: program('a', 'waits'),
  steps: [
    states({ a: 'RUNNING' }),
    configures(`${RPC}${program('a', 'waits', { stopsignal: 'SIGTREM' })}`),
    departing('reload with a broken configuration', ctl('reload')),
  ],
});

scenario('update does not remove what the kernel does not let stop', {
  needs: ['root', 'setpriv'],
  // Root without the right to signal other users' processes.
  as: ['setpriv', '--inh-caps=-kill', '--bounding-set=-kill'],
  conf: program('alien', 'waits', { user: 'nobody', autorestart: false }) + program('own', 'waits'),
  steps: [
    states({ alien: 'RUNNING', own: 'RUNNING' }),
    holds('alien.out', 'ready'),
    configures(RPC + program('own', 'waits anew')),
    ctls('update', 'status', 'reread', 'update'),
  ],
});
