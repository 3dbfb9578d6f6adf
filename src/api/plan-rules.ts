/** How far an update goes. */
import type { PlanRules } from '../core/change/plan.js';
import type { Daemon } from '../daemon/daemon.js';

/** supervisord restarts groups as a whole. */
export function planRules({ parts }: Daemon): PlanRules {
  return { wholeGroups: parts.config.daemon.compat === 'strict' };
}
