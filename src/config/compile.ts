/** Sections of all files -> Config. Collects every error and warning; never stops at the first. */
import { checkDependencies } from './compile/check-dependencies.js';
import { checkJobs } from './compile/check-jobs.js';
import { checkKeys, kindOf } from './compile/check-keys.js';
import { compileCtl, compileDaemon, compileGrpcServer } from './compile/daemon.js';
import { compileGroups } from './compile/groups.js';
import { compileJob } from './compile/job.js';
import { settleModes } from './compile/log-mode.js';
import { compileNotify } from './compile/notify.js';
import { checkPlugins, compileHttpServers, compileRpcInterfaces } from './compile/servers.js';
import type { Config, Overrides, Surroundings } from './config.js';
import type { Source } from './parse.js';
import type { ProblemLog } from './problems.js';
import { forgiving, type Reading } from './reader.js';
import type { Section, Sections } from './sections.js';

export interface Files {
  /** The main file, links resolved. */
  readonly path: string;
  readonly included: readonly string[];
  readonly main: Source;
}

/** What the sections come to. It means nothing once `problems` has an error. */
export function compile(
  sections: Sections,
  files: Files,
  surroundings: Surroundings,
  overrides: Overrides,
  problems: ProblemLog,
): Config {
  const find = (kind: string) => sections.all.find((section) => kindOf(section)?.kind === kind);
  const supd = find('supd');
  if (supd === undefined) {
    problems.error({ file: files.main.file, line: 0 }, 'there is no section [supd] (or [supervisord])');
  }
  checkKeys(sections, problems);

  const daemonReading = openReading(surroundings, problems, isStrict(sections, overrides));
  const daemon = compileDaemon(daemonReading, supd ?? emptySection('supd', files.main), overrides);
  const reading: Reading = {
    ...daemonReading,
    base: daemon.directory ?? surroundings.cwd,
    names: new Map([...entriesOf(daemonReading), ...variableNames(daemon.environment)]),
  };
  const groups = settleModes(
    compileGroups(reading, sections, daemon.environment),
    sections.all,
    daemon.stripAnsi,
    problems,
  );
  checkDependencies(reading, sections, groups);
  const jobs = sections.all
    .filter((section) => kindOf(section)?.kind === 'job')
    .map((section) => ({ section, job: compileJob(reading, section, daemon.environment) }));
  const notify = sections.all
    .filter((section) => kindOf(section)?.kind === 'notify')
    .map((section) => compileNotify(reading, section));
  const notifyNames = notify.map(({ name }) => name);
  checkJobs(reading, jobs, groups, notifyNames);
  checkPlugins(reading, sections);
  // Sockets are there before the daemon changes its directory.
  const atStart = {
    ...reading,
    base: surroundings.cwd,
    surroundings: withMade(surroundings, [daemon.rundir, daemon.statedir]),
  };

  return {
    path: files.path,
    included: files.included,
    daemon,
    grpc: compileGrpcServer(atStart, find('grpc_server') ?? emptySection('grpc_server', files.main)),
    http: compileHttpServers(atStart, sections),
    rpcInterfaces: compileRpcInterfaces(reading, sections),
    // A fault there is no reason not to start the daemon: the variables it names may be the user's own.
    ctl: compileCtl(forgiving(atStart), find('supctl') ?? emptySection('supctl', files.main)),
    groups,
    jobs: jobs.map(({ job }) => job),
    notify,
  };
}

function openReading(surroundings: Surroundings, problems: ProblemLog, strict: boolean): Reading {
  const environment = Object.entries(surroundings.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return {
    problems,
    surroundings,
    strict,
    base: surroundings.cwd,
    names: new Map([
      ['host_node_name', surroundings.hostName],
      ...variableNames(Object.fromEntries(environment)),
    ]),
  };
}

/** Directories that supd makes before it needs them are as good as there: /run is empty after each boot. */
function withMade(surroundings: Surroundings, made: readonly (string | undefined)[]): Surroundings {
  return {
    ...surroundings,
    isDirectory: (file) => made.includes(file) || surroundings.isDirectory(file),
  };
}

/** compat decides how everything else is read, so it is looked at first. */
function isStrict(sections: Sections, overrides: Overrides): boolean {
  const given = overrides.compat ?? sections.all.find((s) => s.kind === 'supd')?.entries.get('compat')?.value;
  return given?.toLowerCase() === 'strict';
}

function variableNames(environment: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(environment).map(([key, value]) => [`ENV_${key}`, value]);
}

function entriesOf({ names }: Reading): [string, string | number][] {
  return [...names.keys()].map((name) => [name, names.get(name) ?? '']);
}

function emptySection(kind: string, source: Source): Section {
  return { kind, name: undefined, header: kind, source, line: 0, own: new Map(), entries: new Map() };
}
