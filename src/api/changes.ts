/** What a configuration that was read anew would do, and does. Types only. */
import type { GroupPlan, ProcessPlan } from '../core/change/plan.js';
import type { SectionPlan } from '../core/change/sections.js';

export type { OptionChange } from '../core/change/options.js';
export type { GroupPlan, PlannedAction, ProcessPlan } from '../core/change/plan.js';
export type { SectionPlan } from '../core/change/sections.js';

/** What `update` would do. */
export interface Plan {
  readonly groups: readonly GroupPlan[];
  /** Only those that changed. */
  readonly sections: readonly SectionPlan[];
  /** Of the configuration, with file and line. */
  readonly warnings: readonly string[];
}

/** As a client gets it. */
export interface PlanAnswer extends Omit<Plan, 'groups'> {
  readonly groups: readonly (Omit<GroupPlan, 'processes'> & {
    readonly processes: readonly Omit<ProcessPlan, 'id' | 'standing'>[];
  })[];
}

/** What has been done to a group as a whole. */
export interface GroupChange {
  readonly group: string;
  readonly change: 'STOPPED' | 'REMOVED' | 'UPDATED' | 'ADDED' | 'FAILED' | 'UNKNOWN';
  readonly message: string;
}

/** What has been done to one member of a group that goes on otherwise. */
export interface MemberChange {
  readonly group: string;
  readonly name: string;
  /** FAILED: the message says what could not be done; the rest is. */
  readonly action: 'STOPPED' | 'RESTARTED' | 'STARTED' | 'CHANGED' | 'FAILED';
  /** "stopwaitsecs", or what is wrong. */
  readonly message: string;
}

export type UpdateStep = GroupChange | MemberChange;

export function isMemberChange(step: UpdateStep): step is MemberChange {
  return 'action' in step;
}
