/** `plan`: a line for each process that something happens to, with what differs below it. */
import type { OptionChange, PlanAnswer } from '../../grpc/client.js';
import { fullName } from './names.js';
import { tableLines } from './table.js';

const RELOAD = 'not before supctl reload, or a restart of supd';

export function planLines({ groups, sections }: PlanAnswer): readonly string[] {
  const rows = groups.flatMap(({ group, whole, changes, processes }) => {
    const touched = processes.filter(
      (one) => one.action !== 'none' || one.changes.length > 0 || one.note !== '',
    );
    const note = whole ? 'the group comes anew' : '';
    const own =
      changes.length > 0 || whole ? entry(`${group} (group)`, whole ? 'whole' : 'live', note, changes) : [];
    return [...own, ...touched.flatMap((one) => entry(fullName(one), one.action, one.note, one.changes))];
  });
  const others = sections.flatMap(({ section, action, changes }) =>
    entry(`[${section}]`, action, action === 'reload' ? RELOAD : '', changes),
  );
  const all = [...rows, ...others];
  return all.length === 0 ? ['nothing to do'] : tableLines(all);
}

function entry(
  name: string,
  action: string,
  note: string,
  changes: readonly OptionChange[],
): readonly (readonly string[])[] {
  const told = [...(note === '' ? [] : [note]), ...changes.map(changeText)];
  const [first = '', ...rest] = told;
  return [[name, action, first], ...rest.map((text) => ['', '', text])];
}

/** "stopwaitsecs: 10s -> 20s". */
function changeText({ option, from, to }: OptionChange): string {
  if (from === to) return `${option}: changed`;
  return `${option}: ${from === '' ? '(not set)' : from} -> ${to === '' ? '(not set)' : to}`;
}
