/** Has programs read their files again without a restart: checked first, and nothing happens where the check fails. */
import type { LaunchSpec, ProcessSpec } from '../core/program.js';
import { signalName } from '../core/signals.js';
import { describeExit, pidOf } from '../core/transition.js';
import type { Process } from '../core/world.js';
import type { Daemon } from '../daemon/daemon.js';
import { type Run, runner } from '../daemon/notify/command.js';
import type { Asked } from './api.js';
import { refuseIfClosing } from './closing.js';
import { noteAsked } from './history.js';
import { findTargets } from './targets.js';
import { printable, tellAsked } from './told.js';

/** What became of one program. */
export interface Reloaded {
  readonly name: string;
  readonly group: string;
  /** REFUSED: its check failed; FAILED: the reload itself did. Nothing was done to the program in all but RELOADED and FAILED. */
  readonly outcome: 'RELOADED' | 'REFUSED' | 'FAILED' | 'NOT_RUNNING' | 'NOT_CONFIGURED' | 'UNKNOWN';
  readonly message: string;
  /** The last 4 KiB that the check, or the command that failed, wrote. */
  readonly output: string;
}

export interface Reloads {
  reloadPrograms(targets: readonly string[], asked: Asked): AsyncIterable<Reloaded>;
}

export function makeReloads(daemon: Daemon): Reloads {
  const run = runner(daemon.parts, daemon.parts.rundir);
  const busy = new Set<string>();
  return {
    reloadPrograms(targets, asked) {
      refuseIfClosing(daemon);
      tellAsked(daemon, 'reload-program', targets, asked);
      const { found, unknown } = findTargets(daemon.engine.world, targets);
      const processes = found.map(({ process }) => process);
      noteAsked(
        daemon,
        'reload-program',
        processes.map(({ spec }) => spec.id),
        asked,
      );
      return (async function* () {
        for (const { name, group, message } of unknown)
          yield { name, group, outcome: 'UNKNOWN', message, output: '' } as const;
        for (const process of processes) yield await reloadAlone(daemon, process, run, busy);
      })();
    },
  };
}

/** Two at once could meet in the middle of each other's files. */
async function reloadAlone(daemon: Daemon, process: Process, run: Run, busy: Set<string>): Promise<Reloaded> {
  const { id } = process.spec;
  if (busy.has(id)) return tell(process.spec, 'FAILED', 'it is being reloaded already');
  busy.add(id);
  try {
    const done = await reload(daemon, process, run);
    const line = `reload of ${process.spec.name}: ${done.outcome.toLowerCase()}${done.message === '' ? '' : `: ${done.message}`}`;
    daemon.parts.log[done.outcome === 'RELOADED' ? 'info' : 'warn'](printable(line));
    return done;
  } finally {
    busy.delete(id);
  }
}

async function reload(daemon: Daemon, { spec, state }: Process, run: Run): Promise<Reloaded> {
  const how = spec.reload;
  if (!how) {
    const section = `[program:${spec.program}]`;
    return tell(spec, 'NOT_CONFIGURED', `${section} has neither reload_signal nor reload_command`);
  }
  const pid = pidOf(state);
  if (pid === 0) return tell(spec, 'NOT_RUNNING', 'it is not running; its next start reads them anyway');
  if (how.check !== undefined) {
    const checked = await runOne(run, spec, how.check);
    if (checked.failure !== undefined)
      return tell(spec, 'REFUSED', `reload_check: ${checked.failure}; nothing was done`, checked.output);
  }
  const now = daemon.engine.world.processes.get(spec.id);
  if (!now || pidOf(now.state) !== pid || now.state.name === 'STOPPING')
    return tell(spec, 'NOT_RUNNING', 'it ended, or is being stopped, while its files were checked');
  if (how.by.kind === 'signal') {
    const failed = daemon.parts.exits.signal(pid, how.by.signal);
    const name = signalName(how.by.signal);
    return failed ? tell(spec, 'FAILED', `${name}: ${failed}`) : tell(spec, 'RELOADED', name);
  }
  const done = await runOne(run, spec, how.by.command);
  if (done.failure !== undefined) return tell(spec, 'FAILED', `reload_command: ${done.failure}`, done.output);
  return tell(spec, 'RELOADED', 'reload_command');
}

/** As the program itself is run, but for what makes it one of supd's own. */
async function runOne(
  run: Run,
  spec: ProcessSpec,
  command: string,
): Promise<{ readonly failure?: string; readonly output: string }> {
  const environment = { SUPD_RELOAD: spec.id };
  try {
    const { exit, output } = await run({
      name: spec.name,
      command,
      input: '',
      environment,
      launch: launchOf(spec),
    });
    const isGood = 'code' in exit && exit.code === 0;
    return isGood ? { output } : { failure: describeExit(exit), output };
  } catch (error) {
    return { failure: (error as Error).message, output: '' };
  }
}

function launchOf(spec: ProcessSpec): Omit<LaunchSpec, 'command'> {
  const { user, supplementaryGroups, directory, umask, environment, limits, nice, capabilities } = spec;
  return {
    environment,
    limits,
    capabilities,
    noNewPrivileges: spec.noNewPrivileges,
    ...(user === undefined ? {} : { user }),
    ...(supplementaryGroups === undefined ? {} : { supplementaryGroups }),
    ...(directory === undefined ? {} : { directory }),
    ...(umask === undefined ? {} : { umask }),
    ...(nice === undefined ? {} : { nice }),
  };
}

function tell(
  { name, group }: ProcessSpec,
  outcome: Reloaded['outcome'],
  message: string,
  output = '',
): Reloaded {
  return { name, group, outcome, message, output };
}
