/** Programs that stay in their state for as long as a scenario wants: one in each. */
import { program } from '../helpers/place.js';
import { calls, holds, type Step, states } from './steps.js';

export const DOWN = { autostart: false };
const once = { autorestart: false };
export const HELD =
  program('down', 'waits', DOWN) +
  program('ended', 'waits', DOWN) +
  program('exited', 'exits-after 0 0', once) +
  program('failed', 'exits-after 0 3', once) +
  program('fatal', 'exits-after 0 3', { startsecs: 1000, startretries: 0 }) +
  program('missing', '/nonexistent/program', { startretries: 0 }) +
  program('retrying', '/nonexistent/program', { startretries: 100_000 }) +
  program('running', 'tells-signals') +
  program('starting', 'tells-signals', { startsecs: 100_000 }) +
  program('stopping', 'ends-once go', { stopwaitsecs: 100_000 });

export const EVERY = [
  'down',
  'ended',
  'exited',
  'failed',
  'fatal',
  'missing',
  'retrying',
  'running',
  'starting',
  'stopping',
];
export const HOLDING: readonly Step[] = [
  states({ running: 'RUNNING', stopping: 'RUNNING', starting: 'STARTING', retrying: 'BACKOFF' }),
  states({ exited: 'EXITED', failed: 'EXITED', fatal: 'FATAL', missing: 'FATAL' }),
  calls('supervisor.startProcess', 'ended'),
  calls('supervisor.stopProcess', 'ended'),
  holds('stopping.out', 'ready'),
  holds('running.out', 'ready'),
  calls('supervisor.stopProcess', 'stopping', false),
  states({ down: 'STOPPED', ended: 'STOPPED', stopping: 'STOPPING' }),
];
