/** Plans and updates, both ways. */
import {
  type GroupPlan,
  isMemberChange,
  type OptionChange,
  type Plan,
  type PlanAnswer,
  type SectionPlan,
  type UpdateStep,
} from '../../api/changes.js';
import type { supd } from '../contract.js';
import { groupChange, memberChange, plannedAction } from './names.js';

/** One step of an update as the contract says it. */
export function stepToWire(step: UpdateStep): supd.v1.UpdateGroupsResponse.$Properties {
  if (!isMemberChange(step)) return { ...step, change: groupChange.toWire(step.change) };
  const { group, name, action, message } = step;
  return { group, member: { name, change: memberChange.toWire(action), message } };
}

/** One step of an update as the api says it. */
export function stepFromWire(wire: supd.v1.UpdateGroupsResponse.$Properties): UpdateStep {
  const { member } = wire;
  const group = wire.group ?? '';
  if (!member) return { group, change: groupChange.fromWire(wire.change), message: wire.message ?? '' };
  const action = memberChange.fromWire(member.change);
  return { group, name: member.name ?? '', action, message: member.message ?? '' };
}

/** A plan as the contract says it. */
export function planToWire({ groups, sections, warnings }: Plan): supd.v1.PlanUpdateResponse.$Properties {
  return {
    groups: groups.map((one) => ({
      ...one,
      changes: [...one.changes],
      processes: one.processes.map((process) => ({
        ...process,
        action: plannedAction.toWire(process.action),
        changes: [...process.changes],
      })),
    })),
    sections: sections.map((one) => ({ ...one, changes: [...one.changes] })),
    warnings: [...warnings],
  };
}

/** A plan as the client gives it. */
export function planFromWire(wire: supd.v1.PlanUpdateResponse.$Properties): PlanAnswer {
  return {
    groups: (wire.groups ?? []).map((one) => ({
      group: one.group ?? '',
      change: (one.change ?? 'none') as GroupPlan['change'],
      whole: one.whole ?? false,
      changes: (one.changes ?? []).map(optionFromWire),
      processes: (one.processes ?? []).map((process) => ({
        name: process.name ?? '',
        group: process.group ?? '',
        action: plannedAction.fromWire(process.action),
        changes: (process.changes ?? []).map(optionFromWire),
        note: process.note ?? '',
      })),
    })),
    sections: (wire.sections ?? []).map((one) => ({
      section: one.section ?? '',
      action: (one.action ?? 'live') as SectionPlan['action'],
      changes: (one.changes ?? []).map(optionFromWire),
    })),
    warnings: wire.warnings ?? [],
  };
}

function optionFromWire(wire: supd.v1.OptionChange.$Properties): OptionChange {
  return {
    option: wire.option ?? '',
    from: wire.from ?? '',
    to: wire.to ?? '',
    live: wire.live ?? false,
  };
}
