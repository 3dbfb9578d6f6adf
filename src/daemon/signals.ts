/** What signals ask of the daemon. */
import type { MainLog } from '../logs/mainlog.js';
import type { Daemon } from './daemon.js';
import { passOnSignal } from './essential.js';

/** By pid 1: supd itself has no use for them, and runtimes may send them (STOPSIGNAL SIGWINCH). */
const PASSED_ON = ['SIGWINCH', 'SIGCONT', 'SIGALRM', 'SIGURG'] as const;

type Check = () => { readonly ok: true } | { readonly ok: false; readonly errors: readonly string[] };

/** Every this often a shutdown says what it waits for. */
const STILL_WAITING_MS = 3000;

/**
 * TERM, INT, QUIT: end. HUP: everything anew, when the configuration is good. USR1: supd alone ends. USR2: logs opened
 * again. As pid 1: USR1 and what has no meaning here go on to the essential program.
 * @returns ends it
 */
export function listenForSignals(daemon: Daemon, log: MainLog, check: Check): () => void {
  let waiting: NodeJS.Timeout | undefined;
  const tellWaiting = () => {
    waiting ??= setInterval(() => {
      const names = [...daemon.engine.world.processes.values()]
        .filter(({ state }) => state.name === 'STOPPING' || state.name === 'SWEEPING')
        .map(({ spec }) => spec.name);
      if (names.length > 0) log.info(`waiting for ${names.join(', ')} to die`);
    }, STILL_WAITING_MS);
  };
  const offChange = daemon.engine.onChange(() => {
    if (daemon.engine.world.mode !== 'running') tellWaiting();
  });
  const exit = (signal: NodeJS.Signals) => {
    log.warn(`received ${signal} indicating exit request`);
    daemon.stop('shutdown');
  };
  const restart = () => {
    if (daemon.engine.world.mode === 'shutdown') {
      log.warn('ignored SIGHUP indicating restart request (shutdown in progress)');
      return;
    }
    log.warn('received SIGHUP indicating restart request');
    const checked = check();
    if (checked.ok) return daemon.stop('restarting');
    for (const error of checked.errors) log.error(error);
    log.error('not restarted: the configuration has errors; everything goes on as it was');
  };
  const leave = () => {
    // Nothing outlives the first process of a container.
    if (process.pid === 1) return passOnSignal(daemon, 'SIGUSR1');
    log.warn('received SIGUSR1: supd ends, its programs go on');
    daemon.leave('left');
  };
  const reopen = () => {
    log.info('received SIGUSR2 indicating log reopen request');
    daemon.reopenLogs();
  };
  const passOn = (signal: NodeJS.Signals) => passOnSignal(daemon, signal);
  const handlers: readonly (readonly [NodeJS.Signals, (signal: NodeJS.Signals) => void])[] = [
    ['SIGTERM', exit],
    ['SIGINT', exit],
    ['SIGQUIT', exit],
    ['SIGHUP', restart],
    ['SIGUSR1', leave],
    ['SIGUSR2', reopen],
    ...(process.pid === 1 ? PASSED_ON.map((signal) => [signal, passOn] as const) : []),
  ];
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
    offChange();
    clearInterval(waiting);
  };
}
