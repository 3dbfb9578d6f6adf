/** Programs, groups, event listeners and FastCGI programs -> groups in starting order. */
import type { GroupSpec, ProcessSpec, SharedSocketSpec } from '../../core/program.js';
import { didYouMean } from '../nearest.js';
import { GROUP } from '../options/groups.js';
import { quote } from '../problems.js';
import { forgiving, placeOf, type Reading, readOptions } from '../reader.js';
import type { Section, Sections } from '../sections.js';
import { readName } from '../types/words.js';
import { kindOf } from './check-keys.js';
import { compileEventListener, compileSocket } from './feeders.js';
import { compareNames, compileProgram } from './process.js';

type Environment = Readonly<Record<string, string>>;
interface Placed {
  readonly group: GroupSpec;
  readonly section: Section;
}

/** Of two groups with one name, the first in starting order counts, as with supervisord. */
export function compileGroups(
  reading: Reading,
  sections: Sections,
  environment: Environment,
): readonly GroupSpec[] {
  const of = (kind: string) => sections.all.filter((section) => kindOf(section)?.kind === kind);
  const programs = of('program');
  const feeders = of('fcgi-program');
  const grouped = new Set<Section>();

  const placed: Placed[] = of('group').map((section) => {
    const members = findMembers(reading, section, programs, feeders);
    for (const member of members) grouped.add(member);
    return { section, group: compileGroup(reading, section, members, environment) };
  });
  for (const section of programs) {
    if (!grouped.has(section))
      placed.push({ section, group: compileLone(reading, section, 'program', environment) });
  }
  for (const section of of('eventlistener')) {
    const group = compileEventListener(reading, section, environment);
    placed.push({ section, group: { ...group, processes: dropTwins(reading, section, group.processes) } });
  }
  for (const section of feeders) {
    if (grouped.has(section)) continue;
    const socket = compileSocket(reading, section);
    const group = compileLone(reading, section, 'fcgi-program', environment, socket);
    placed.push({ section, group });
  }

  placed.sort((a, b) => a.group.priority - b.group.priority || compareNames(a.group.name, b.group.name));
  return dropNamesakes(reading, placed);
}

function findMembers(
  reading: Reading,
  section: Section,
  programs: readonly Section[],
  feeders: readonly Section[],
): readonly Section[] {
  const { problems } = reading;
  const { programs: names } = readOptions(reading, section, GROUP);
  const place = placeOf(section, 'programs');
  const members: Section[] = [];
  for (const name of names) {
    const program = programs.find((candidate) => candidate.name === name);
    const feeder = feeders.find((candidate) => candidate.name === name);
    if (program !== undefined && feeder !== undefined) {
      problems.error(
        place,
        `${quote(name)} is ambiguous: there are [program:${name}] and [fcgi-program:${name}]`,
      );
    }
    const member = program ?? feeder;
    if (member === undefined) {
      const known = [...programs, ...feeders].map((candidate) => candidate.name ?? '');
      problems.error(place, `there is no program ${quote(name)}${didYouMean(name, known)}`);
    } else if (members.includes(member)) {
      problems.warning(place, `names ${quote(name)} twice; once is enough`);
    } else {
      members.push(member);
    }
  }
  return members;
}

function compileGroup(
  reading: Reading,
  section: Section,
  members: readonly Section[],
  environment: Environment,
): GroupSpec {
  const name = section.name ?? '';
  const named = readName(name, reading);
  if (!named.ok) reading.problems.error(placeOf(section), named.why);
  const { priority } = readOptions(reading, section, GROUP);
  const listed = members.flatMap((member) => {
    const socket = member.kind === 'fcgi-program' ? socketInGroup(reading, member) : undefined;
    return compileProgram(reading, member, name, environment, socket).processes;
  });
  return {
    name,
    kind: 'group',
    priority,
    processes: dropTwins(reading, section, inStartingOrder(reading, listed)),
  };
}

/**
 * In a group, supervisord runs a FastCGI program as an ordinary one and doesn't look at its socket: it is served
 * here, but a fault of it is no error.
 */
function socketInGroup(reading: Reading, section: Section): SharedSocketSpec | undefined {
  const socket = compileSocket(forgiving(reading), section);
  return reading.strict ? undefined : socket;
}

/** supervisord goes by the order of programs= alone; priorities count here, and that order where they are equal. */
function inStartingOrder({ strict }: Reading, listed: readonly ProcessSpec[]): readonly ProcessSpec[] {
  return strict ? listed : [...listed].sort((a, b) => a.priority - b.priority);
}

function compileLone(
  reading: Reading,
  section: Section,
  kind: GroupSpec['kind'],
  environment: Environment,
  socket?: SharedSocketSpec,
): GroupSpec {
  const name = section.name ?? '';
  const { options, processes } = compileProgram(reading, section, name, environment, socket);
  return {
    name,
    kind,
    priority: options.priority,
    processes: dropTwins(reading, section, processes),
  };
}

/**
 * A name means one process: the last one, as with supervisord. Copies of one program that have one name have been
 * found before.
 */
function dropTwins(
  reading: Reading,
  section: Section,
  processes: readonly ProcessSpec[],
): readonly ProcessSpec[] {
  const last = new Map(processes.map((process) => [process.name, process]));
  for (const process of processes) {
    const kept = last.get(process.name);
    if (kept === undefined || kept.program === process.program) continue;
    const message = `the programs ${process.program} and ${kept.program} both name a process ${quote(process.name)}; that of ${kept.program} is kept`;
    reading.problems.warning(placeOf(section), message);
  }
  return processes.filter((process) => last.get(process.name) === process);
}

function dropNamesakes(reading: Reading, placed: readonly Placed[]): readonly GroupSpec[] {
  const kept = new Map<string, Placed>();
  for (const one of placed) {
    const first = kept.get(one.group.name);
    if (first === undefined) {
      kept.set(one.group.name, one);
      continue;
    }
    const other = `[${first.section.header}] in ${first.section.source.file}:${first.section.line}`;
    reading.problems.warning(
      placeOf(one.section),
      `makes a group of the same name as ${other}, which starts first; ignored`,
    );
  }
  return [...kept.values()].map(({ group }) => group);
}
