/**
 * From a launch as configured to what is executed: the environment, and the chain of small programs that take on
 * limits, niceness, identity and directory one after the other and then execute the next. The pid stays the same.
 */
import type { LaunchSpec, Limits } from './program.js';

/** Who the process is to be, looked up by the shell around the core. */
export interface RunAs {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** All of them, the primary group among them or not. */
  readonly groups: readonly number[];
  readonly home: string;
  readonly shell: string;
}

/** The tools' paths: util-linux's setpriv and prlimit, coreutils' nice, env and cat. */
export interface Tools {
  readonly setpriv: string;
  readonly prlimit: string;
  readonly nice: string;
  readonly env: string;
  readonly cat: string;
}

export interface Chain {
  readonly argv: readonly string[];
  /** To be entered before the chain is executed; undefined when the chain does it as the user. */
  readonly directory?: string;
}

/**
 * @param program  the words of the command, the first one being the file to execute
 * @param runAs    undefined: the daemon's own identity is kept
 */
export function composeChain(
  spec: LaunchSpec,
  program: readonly string[],
  runAs: RunAs | undefined,
  tools: Tools,
): Chain {
  const argv: string[] = [];
  const limits = limitFlags(spec.limits);
  if (limits.length > 0) argv.push(tools.prlimit, ...limits, '--');
  if (spec.nice !== undefined) argv.push(tools.nice, '-n', String(spec.nice), '--');
  const privileges = privilegeFlags(spec, runAs);
  if (privileges.length > 0) argv.push(tools.setpriv, ...privileges, '--');
  // The user's own right to enter the directory counts, not the daemon's.
  const asUser = runAs !== undefined && spec.directory !== undefined;
  if (asUser) argv.push(tools.env, '-C', spec.directory, '--');
  argv.push(...program);
  return { argv, ...(asUser || spec.directory === undefined ? {} : { directory: spec.directory }) };
}

/**
 * The child's whole environment: the daemon's, then what belongs to the user, then `tags` (SUPERVISOR_…), then
 * what is configured, which wins.
 */
export function composeEnvironment(
  base: Readonly<Record<string, string | undefined>>,
  runAs: RunAs | undefined,
  tags: Readonly<Record<string, string>>,
  configured: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const account: Record<string, string> = runAs
    ? { HOME: runAs.home, USER: runAs.name, LOGNAME: runAs.name, SHELL: runAs.shell }
    : {};
  const all: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const layer of [base, account, tags, configured]) {
    for (const [key, value] of Object.entries(layer)) if (value !== undefined) all[key] = value;
  }
  return all;
}

function limitFlags(limits: Limits): readonly string[] {
  return Object.entries(limits)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `--${name}=${value}:${value}`);
}

function privilegeFlags(spec: LaunchSpec, runAs: RunAs | undefined): readonly string[] {
  const flags: string[] = [];
  if (runAs) {
    flags.push('--reuid', String(runAs.uid), '--regid', String(runAs.gid));
    if (runAs.groups.length > 0) flags.push('--groups', runAs.groups.join(','));
    else flags.push('--clear-groups');
  }
  if (spec.capabilities.length > 0) {
    const list = spec.capabilities.map((name) => `+${name}`).join(',');
    flags.push(`--inh-caps=${list}`, `--ambient-caps=${list}`);
  }
  if (spec.noNewPrivileges) flags.push('--no-new-privs');
  return flags;
}
