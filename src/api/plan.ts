/** What `update` would do by a configuration that was just read. Nothing is changed. */
import { compareDaemons } from '../config/changes.js';
import type { Config } from '../config/config.js';
import { type GroupPlan, type ProcessPlan, planGroups } from '../core/change/plan.js';
import { compareJobs, compareNotify } from '../core/change/sections.js';
import type { ProcessSpec } from '../core/program.js';
import { checkCommand } from '../daemon/commands.js';
import type { Daemon } from '../daemon/daemon.js';
import type { Plan } from './changes.js';
import { planRules } from './plan-rules.js';

interface Read {
  readonly config: Config;
  readonly warnings: readonly string[];
}

export function makePlan(daemon: Daemon, { config, warnings }: Read): Plan {
  const { world } = daemon.engine;
  const jobs = [...world.jobs.entries.values()].map(({ spec }) => spec);
  return {
    groups: planGroups(world, config.groups, planRules(daemon)).map((one) => withFaults(daemon, config, one)),
    sections: [
      ...compareJobs(jobs, config.jobs),
      ...compareNotify(daemon.config.notify, config.notify),
      ...compareDaemons(daemon.parts.config, config),
    ],
    warnings,
  };
}

/** Says of what would be started that it can't be, as far as that can be told before. */
function withFaults(daemon: Daemon, { groups }: Config, plan: GroupPlan): GroupPlan {
  const specs = groups.find(({ name }) => name === plan.group)?.processes ?? [];
  const processes = plan.processes.map((one): ProcessPlan => {
    const spec = specs.find(({ id }) => id === one.id);
    const wrong = spec && faultOfStart(daemon, spec, one);
    if (wrong === undefined) return one;
    return { ...one, note: `${one.note === '' ? '' : `${one.note}; `}it would not start: ${wrong}` };
  });
  return { ...plan, processes };
}

/** Why the start that an update means for this process can't succeed; undefined: it may, or there is none. */
export function faultOfStart(
  { parts }: Daemon,
  spec: ProcessSpec,
  { action }: Pick<ProcessPlan, 'action'>,
): string | undefined {
  if (action !== 'start' && action !== 'restart') return undefined;
  return checkCommand(spec, parts.environment.PATH)?.why;
}
