/** A section with the options of a program -> its processes. */

import type { MemorySpec } from '../../core/memory.js';
import type { HealthSpec, ReadySpec } from '../../core/probe.js';
import type { Limits, ProcessSpec, SharedSocketSpec } from '../../core/program.js';
import type { TrafficSpec } from '../../core/traffic.js';
import { readEnvFile } from '../env-file.js';
import { layer, type Names } from '../expand.js';
import { omitUndefined } from '../omit-undefined.js';
import { PROGRAM, PROGRAM_COPY, PROGRAM_ENVIRONMENT } from '../options/program.js';
import type { Values } from '../options/row.js';
import { placeOf, type Reading, readOptions, textOf } from '../reader.js';
import type { Section } from '../sections.js';
import { readName } from '../types/words.js';
import { strip } from '../whitespace.js';
import { compileBackoff } from './backoff.js';
import { compileReload } from './reload.js';
import { compileStderr, compileStdout } from './streams.js';

type Common = Values<typeof PROGRAM>;

/** More copies are a slip of the finger rather than a wish. */
const MOST_COPIES = 10_000;
/** A program that is asked without a pause does nothing else. */
const LEAST_INTERVAL_MS = 100;

export interface Program {
  readonly options: Common;
  /** By ascending priority, then name. */
  readonly processes: readonly ProcessSpec[];
}

/**
 * Every copy of the program, as a member of `group`.
 * @param environment  the variables of [supd], which the program's own come over
 * @param socket       what its copies accept on, for a FastCGI program
 */
export function compileProgram(
  reading: Reading,
  section: Section,
  group: string,
  environment: Readonly<Record<string, string>>,
  socket?: SharedSocketSpec,
): Program {
  const program = section.name ?? '';
  const named = readName(program, reading);
  if (!named.ok) reading.problems.error(placeOf(section), named.why);
  const names = new Map([
    ['program_name', program],
    ['group_name', group],
  ]);
  const options = readOptions(reading, section, PROGRAM, names);
  checkTogether(reading, section, options);
  const count = Math.max(0, Math.min(options.numprocs, MOST_COPIES));
  const processes = Array.from({ length: count }, (_, index) => {
    const copy = new Map([
      ['process_num', options.numprocs_start + index],
      ['numprocs', options.numprocs],
    ]);
    const context = { program, group, environment, socket, options, names: layer(names, copy) };
    return compileCopy(reading, section, context);
  });
  return {
    options,
    processes: processes.sort((a, b) => a.priority - b.priority || compareNames(a.name, b.name)),
  };
}

/** As Python compares strings, not as a language sorts them. */
export function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function checkTogether(reading: Reading, section: Section, options: Common): void {
  const { problems } = reading;
  if (options.stopasgroup && options.killasgroup === false) {
    const place = placeOf(section, 'killasgroup');
    problems.error(place, 'must not be false while stopasgroup is true: what stops a group must kill it too');
  }
  if (options.numprocs > MOST_COPIES) {
    problems.error(
      placeOf(section, 'numprocs'),
      `${options.numprocs} copies are too many; right is ${MOST_COPIES} at most`,
    );
  }
  const entry = section.entries.get('process_name');
  const template = entry === undefined ? PROGRAM_COPY.process_name.default : textOf(entry, reading);
  const named = readName(template, reading);
  if (template === '')
    problems.warning(
      placeOf(section, 'process_name'),
      `is empty; ${section.name ?? ''} it is, as without it`,
    );
  else if (!named.ok) problems.error(placeOf(section, 'process_name'), named.why);
  if (options.numprocs > 1 && !template.includes('%(process_num)')) {
    const place = placeOf(section, entry === undefined ? 'numprocs' : 'process_name');
    problems.error(
      place,
      `${options.numprocs} copies need different names: process_name must contain %(process_num)d`,
    );
  }
}

interface CopyContext {
  readonly program: string;
  readonly group: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly socket: SharedSocketSpec | undefined;
  readonly options: Common;
  readonly names: Names;
}

function compileCopy(reading: Reading, section: Section, context: CopyContext): ProcessSpec {
  const { program, group, options } = context;
  const own = readVariables(reading, section, context.names);
  const variables = new Map(Object.entries(own).map(([key, value]) => [`ENV_${key}`, value]));
  const copy = readOptions(reading, section, PROGRAM_COPY, layer(context.names, variables));
  const name = nameOf(copy.process_name, section.entries.get('process_name')?.value ?? '', program);
  const url = options.serverurl;
  return {
    id: `${group}:${name}`,
    name,
    group,
    program,
    priority: options.priority,
    autostart: options.autostart,
    autorestart: options.autorestart,
    startMs: options.startsecs,
    startRetries: options.startretries,
    exitCodes: options.exitcodes,
    stopSignal: options.stopsignal,
    stopWaitMs: options.stopwaitsecs,
    stopAsGroup: options.stopasgroup,
    killAsGroup: options.killasgroup ?? options.stopasgroup,
    redirectStderr: options.redirect_stderr,
    stdout: compileStdout(reading, section, options, copy),
    stderr: compileStderr(reading, section, options, copy),
    command: copy.command ?? '',
    environment: { ...context.environment, ...own },
    limits: compileLimits(options),
    capabilities: options.capabilities,
    noNewPrivileges: options.no_new_privileges,
    ...omitUndefined({
      backoff: compileBackoff(reading, section, options),
      ready: compileReady(copy.ready, options.ready_timeout),
      health: compileHealth(reading, section, copy.health, options),
      traffic: compileTraffic(options, copy),
      memory: compileMemory(options),
      dependsOn: options.depends_on?.length ? options.depends_on : undefined,
      essential: options.essential ? (true as const) : undefined,
      user: options.user,
      supplementaryGroups: options.supplementary_groups,
      directory: copy.directory,
      umask: options.umask,
      nice: options.nice,
      serverUrl: url.trim().toUpperCase() === 'AUTO' ? undefined : url,
      socket: context.socket,
      reload: compileReload(reading, section, copy),
    }),
  };
}

/** Blanks round the template don't count, those that are filled in do. supervisord takes an empty name, too. */
function nameOf(filled: string, template: string, program: string): string {
  const name = template === strip(template) ? filled : strip(filled);
  return name === '' ? program : name;
}

/** Those of env_file, and over them those of `environment`. */
function readVariables(reading: Reading, section: Section, names: Names): Readonly<Record<string, string>> {
  const { environment, env_file: file } = readOptions(reading, section, PROGRAM_ENVIRONMENT, names);
  if (file === undefined) return environment;
  const place = placeOf(section, 'env_file');
  let text: string;
  try {
    text = reading.surroundings.readText(file);
  } catch (error) {
    reading.problems.error(place, `cannot be read: ${(error as Error).message}`);
    return environment;
  }
  const read = readEnvFile(text);
  if (!read.ok) {
    reading.problems.error(place, `${file}, ${read.why}`);
    return environment;
  }
  return { ...read.values, ...environment };
}

function compileReady(ready: Values<typeof PROGRAM_COPY>['ready'], timeoutMs: number): ReadySpec | undefined {
  return ready.kind === 'delay' ? undefined : { probe: ready, timeoutMs };
}

function compileHealth(
  { problems }: Reading,
  section: Section,
  probe: Values<typeof PROGRAM_COPY>['health'],
  options: Common,
): HealthSpec | undefined {
  if (probe === undefined) return undefined;
  if (probe.kind === 'delay' || probe.kind === 'log') {
    const right = 'right are tcp, http, unix, zeo, exec and notify';
    problems.error(placeOf(section, 'health'), `${probe.kind} can't tell that a program is well; ${right}`);
    return undefined;
  }
  return {
    probe,
    intervalMs: Math.max(LEAST_INTERVAL_MS, options.health_interval),
    timeoutMs: Math.max(LEAST_INTERVAL_MS, options.health_timeout),
    retries: Math.max(1, options.health_retries),
    startPeriodMs: options.health_start_period,
  };
}

function compileTraffic(options: Common, copy: Values<typeof PROGRAM_COPY>): TrafficSpec | undefined {
  const { haproxy, warmup = [] } = copy;
  const named = (command: string | undefined) => (command === '' ? undefined : command);
  const [preStop, postStart] = [named(copy.pre_stop), named(copy.post_start)];
  if (!haproxy && !preStop && !postStart && warmup.length === 0) return undefined;
  const times = { drainMs: options.drain_timeout, warmupMs: options.warmup_timeout };
  return { warmup, ...times, ...omitUndefined({ haproxy, preStop, postStart }) };
}

function compileMemory({ max_memory: maxBytes, quiet_hours: quiet }: Common): MemorySpec | undefined {
  return maxBytes ? { maxBytes, ...omitUndefined({ quiet }) } : undefined;
}

function compileLimits(options: Common): Limits {
  return omitUndefined({
    nofile: options.limit_nofile,
    nproc: options.limit_nproc,
    core: options.limit_core,
    memlock: options.limit_memlock,
  });
}
