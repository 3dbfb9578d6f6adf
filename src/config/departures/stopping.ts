/** How programs end. */
import { placeOf } from '../reader.js';
import type { Section } from '../sections.js';
import { given, isTrue, numberOf, ofKinds, programsOf, type Rule } from './rule.js';

const UNSET_PRIORITY = 999;

export const stopping: readonly Rule[] = [
  {
    name: 'stop-order',
    different:
      'stop all goes by descending priority, each priority when the one before is gone, and a shutdown stops groups of one priority together; supervisord asks everything at once for stop all, and stops one group after the other at a shutdown',
    advice: 'nothing to do where the priorities say what depends on what; where not, give some',
    strict: 'for stop all and stop of a group by XML-RPC',
    find: (survey) => {
      const sections = [...programsOf(survey), ...ofKinds(survey, 'group')];
      const priorities = new Set(sections.map(priorityOf));
      return priorities.size < 2 ? [] : given(sections, ['priority']);
    },
  },
  {
    name: 'whole-tree',
    different:
      'a stop also ends what the program leaves behind, 2 s after the program itself at most; supervisord leaves it running',
    advice: 'where a process must outlive its program, start it by a section of its own',
    strict: true,
    find: (survey) =>
      programsOf(survey)
        .filter((one) => !asGroup(one))
        .map((one) => placeOf(one, 'command')),
  },
  {
    name: 'stopasgroup',
    different:
      'what it is mostly for, nothing left after a stop, is so without it; it still sends the signal to the group',
    advice: 'may stay; without it the program itself decides how its children end',
    strict: true,
    find: (survey) => given(programsOf(survey), ['stopasgroup', 'killasgroup'], isTrue),
  },
  {
    name: 'pidproxy',
    different:
      "supervisor's pidproxy ends before the daemon that it stands for, and what it leaves behind is then killed after 2 s",
    advice: "use supd's pidproxy, which waits for that daemon, or better the daemon's own foreground mode",
    strict: true,
    find: (survey) =>
      given(programsOf(survey), ['command'], (command) => /^\s*["']?(\S*\/)?pidproxy["']?\s/.test(command)),
  },
];

function asGroup({ entries }: Section): boolean {
  return isTrue(entries.get('stopasgroup')?.strictValue);
}

function priorityOf({ kind, entries }: Section): number {
  return numberOf(entries.get('priority')?.strictValue, kind === 'eventlistener' ? -1 : UNSET_PRIORITY);
}
