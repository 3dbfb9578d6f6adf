/** [job:x] -> JobSpec. What holds between jobs is in check-jobs.ts. */
import type { JobAction, JobSpec } from '../../core/job.js';
import { splitCommand } from '../../core/words.js';
import { JOB_STOP_WAIT_MS } from '../config.js';
import { layer } from '../expand.js';
import { omitUndefined } from '../omit-undefined.js';
import { JOB } from '../options/job.js';
import type { Values } from '../options/row.js';
import { placeOf, type Reading, readOptions } from '../reader.js';
import type { Section } from '../sections.js';
import { readName } from '../types/words.js';

type Options = Values<typeof JOB>;
type Environment = Readonly<Record<string, string>>;

/** Keys that say how a command is run, and nothing about steps. */
const COMMAND_KEYS = [
  'user',
  'directory',
  'environment',
  'umask',
  'retry_exitcodes',
  'warn_exitcodes',
  'fail_on_output',
];
/** Keys that say when a job is run. */
const SCHEDULE_KEYS = ['timezone', 'jitter', 'catchup'];

/** @param environment  the variables of [supd], which the job's own come over */
export function compileJob(reading: Reading, section: Section, environment: Environment): JobSpec {
  const { problems } = reading;
  const name = section.name ?? '';
  const named = readName(name, reading);
  if (!named.ok) problems.error(placeOf(section), named.why);
  const names = new Map([['job_name', name]]);
  const own = readOptions(reading, section, { environment: JOB.environment }, names).environment;
  const variables = new Map(Object.entries(own).map(([key, value]) => [`ENV_${key}`, value]));
  const options = readOptions(reading, section, JOB, layer(names, variables));
  checkTogether(reading, section, options);
  return {
    name,
    action: compileAction(options, environment),
    stopWaitMs: JOB_STOP_WAIT_MS,
    retries: options.retries,
    retryDelaysMs: options.retry_delay,
    exitCodes: options.exitcodes,
    warnExitCodes: options.warn_exitcodes,
    failOnOutput: options.fail_on_output,
    onFailure: options.on_failure,
    overlap: options.overlap,
    catchupMs: options.catchup,
    jitterMs: options.jitter,
    history: Math.max(1, options.history),
    requiresStopped: options.requires_stopped,
    holds: options.holds,
    ...omitUndefined({
      schedule: options.schedule,
      timezone: options.timezone,
      timeoutMs: options.timeout === 0 ? undefined : options.timeout,
      maxAgeMs: options.max_age === 0 ? undefined : options.max_age,
      retryExitCodes: options.retry_exitcodes,
      needs: options.needs,
      lock: options.lock,
      notify: options.notify,
    }),
  };
}

function compileAction(options: Options, environment: Environment): JobAction {
  if (options.command === undefined) return { kind: 'sequence', steps: options.steps ?? [] };
  return {
    kind: 'command',
    launch: {
      command: options.command,
      environment: { ...environment, ...options.environment },
      limits: {},
      capabilities: [],
      noNewPrivileges: false,
      ...omitUndefined({ user: options.user, directory: options.directory, umask: options.umask }),
    },
  };
}

function checkTogether({ problems }: Reading, section: Section, options: Options): void {
  const gives = (key: string) => section.own.has(key);
  if (gives('command') && gives('steps')) {
    problems.error(
      placeOf(section, 'steps'),
      'a job has a command or steps, not both; make the command a job of its own',
    );
  } else if (gives('steps')) {
    if (options.steps?.length === 0)
      problems.error(placeOf(section, 'steps'), 'is empty: it must name other jobs');
    for (const key of COMMAND_KEYS.filter(gives)) {
      problems.warning(placeOf(section, key), 'has no effect on a job with steps; give it to the steps');
    }
  } else if (!gives('command')) {
    problems.error(placeOf(section), 'has neither command nor steps; give one of them');
  } else {
    const split = splitCommand(options.command ?? '');
    if (!split.ok || split.words.length === 0)
      problems.error(placeOf(section, 'command'), split.ok ? 'is empty' : split.why);
  }
  if (!gives('schedule')) {
    for (const key of SCHEDULE_KEYS.filter(gives)) {
      problems.warning(placeOf(section, key), 'has no effect without a schedule');
    }
  }
  const both = options.exitcodes.filter((code) => options.warn_exitcodes.includes(code));
  if (both.length > 0 && gives('exitcodes')) {
    problems.warning(
      placeOf(section, 'warn_exitcodes'),
      `${both.join(', ')} stand in exitcodes too; they count as a warning`,
    );
  }
}
