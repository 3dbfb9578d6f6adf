/** What must hold between programs: every `depends_on` names something, and none goes round in a circle. */
import { isMeant } from '../../core/dependencies.js';
import type { GroupSpec, ProcessSpec } from '../../core/program.js';
import { didYouMean } from '../nearest.js';
import { quote } from '../problems.js';
import { placeOf, type Reading } from '../reader.js';
import type { Section, Sections } from '../sections.js';
import { conditionHint } from '../types/probes.js';
import { kindOf } from './check-keys.js';

const KEY = 'depends_on';
const PROGRAMS: readonly (string | undefined)[] = ['program', 'fcgi-program', 'eventlistener'];

export function checkDependencies(reading: Reading, sections: Sections, groups: readonly GroupSpec[]): void {
  const processes = groups.flatMap((group) => group.processes);
  if (!processes.some(({ dependsOn }) => dependsOn)) return;
  const byProgram = new Map(processes.map((spec) => [spec.program, spec]));
  const edges = new Map<string, readonly string[]>();
  for (const [program, spec] of byProgram) {
    const section = sectionOf(sections, program);
    edges.set(program, targetsOf(reading, section, spec, processes));
  }
  checkCircles(reading, sections, edges);
}

function sectionOf(sections: Sections, program: string): Section | undefined {
  return sections.all.find((section) => section.name === program && PROGRAMS.includes(kindOf(section)?.kind));
}

/** Programs that this one waits for. */
function targetsOf(
  { problems }: Reading,
  section: Section | undefined,
  { dependsOn = [] }: ProcessSpec,
  processes: readonly ProcessSpec[],
): readonly string[] {
  return dependsOn.flatMap(({ on }) => {
    const meant = processes.filter((spec) => isMeant(spec, on));
    if (meant.length === 0 && section) {
      const names = processes.flatMap(({ program, group }) => [program, group]);
      const hint =
        conditionHint(on, (name) => processes.some((spec) => isMeant(spec, name))) ||
        didYouMean(on, new Set(names));
      problems.error(placeOf(section, KEY), `there is no program or group ${quote(on)}${hint}`);
    }
    return meant.map(({ program }) => program);
  });
}

/** Each circle is told once, at the first of its programs. */
function checkCircles(
  { problems }: Reading,
  sections: Sections,
  edges: ReadonlyMap<string, readonly string[]>,
): void {
  const done = new Set<string>();
  for (const program of edges.keys()) {
    const path: { readonly name: string; readonly rest: string[] }[] = [];
    const enter = (name: string) => path.push({ name, rest: [...new Set(edges.get(name))] });
    if (!done.has(program)) enter(program);
    for (let last = path.at(-1); last; last = path.at(-1)) {
      const next = last.rest.shift();
      if (next === undefined) {
        done.add(last.name);
        path.pop();
      } else if (path.some(({ name }) => name === next)) {
        const names = path.map(({ name }) => name);
        const circle = [...names.slice(names.indexOf(next)), next].join(' -> ');
        const section = sectionOf(sections, next);
        if (section) problems.error(placeOf(section, KEY), `goes round in a circle: ${circle}`);
      } else if (!done.has(next)) enter(next);
    }
  }
}
