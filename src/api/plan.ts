/** What `update` would do by a configuration that was just read. Nothing is changed. */
import { compareDaemons } from '../config/changes.js';
import type { Config } from '../config/config.js';
import { planGroups } from '../core/change/plan.js';
import { compareJobs, compareNotify } from '../core/change/sections.js';
import type { Daemon } from '../daemon/daemon.js';
import type { Plan } from './changes.js';
import { planRules } from './update.js';

interface Read {
  readonly config: Config;
  readonly warnings: readonly string[];
}

export function makePlan(daemon: Daemon, { config, warnings }: Read): Plan {
  const { world } = daemon.engine;
  const jobs = [...world.jobs.entries.values()].map(({ spec }) => spec);
  return {
    groups: planGroups(world, config.groups, planRules(daemon)),
    sections: [
      ...compareJobs(jobs, config.jobs),
      ...compareNotify(daemon.config.notify, config.notify),
      ...compareDaemons(daemon.parts.config, config),
    ],
    warnings,
  };
}
