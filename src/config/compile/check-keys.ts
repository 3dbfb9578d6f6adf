/** Sections and keys that nobody knows, and sections that nothing serves yet. */
import { didYouMean, nearest } from '../nearest.js';
import { findKind, hasOption, optionsOf, SECTION_KINDS, type SectionKind } from '../options.js';
import type { ProblemLog } from '../problems.js';
import { quote } from '../problems.js';
import { placeOf } from '../reader.js';
import type { Section, Sections } from '../sections.js';

/** Nothing here is an error: supervisord ignores all of it. */
export function checkKeys(sections: Sections, problems: ProblemLog): void {
  for (const section of sections.all) {
    const kind = kindOf(section);
    if (kind === undefined) {
      problems.warning(placeOf(section), describeUnknownSection(section));
      continue;
    }
    if (kind.served === 'later') {
      problems.warning(placeOf(section), 'parsed and checked, not served by this version yet');
    }
    if (kind.open !== true) checkOwnKeys(section, kind, problems);
  }
  checkDefaults(sections, problems);
}

/** The kind of a section that is named as its kind wants. */
export function kindOf(section: Section): SectionKind | undefined {
  const kind = findKind(section.kind);
  if (kind === undefined) return undefined;
  const named = section.name !== undefined;
  return kind.named === 'maybe' || named === (kind.named === 'always') ? kind : undefined;
}

function checkOwnKeys(section: Section, kind: SectionKind, problems: ProblemLog): void {
  for (const key of section.own.keys()) {
    if (hasOption(kind, key)) continue;
    const known = optionsOf(kind).map(([name]) => name);
    const hint = didYouMean(key, known);
    problems.warning(placeOf(section, key), `there is no such option; ignored${hint}`);
  }
}

function describeUnknownSection(section: Section): string {
  const kind = findKind(section.kind);
  if (kind !== undefined && kind.named === 'always') {
    return `needs a name, as in [${section.kind}:name]; ignored`;
  }
  if (kind !== undefined) return `takes no name; ignored, did you mean [${kind.kind}]?`;
  const names = SECTION_KINDS.flatMap(({ kind: name, alias }) =>
    alias === undefined ? [name] : [name, alias],
  );
  const found = nearest(section.kind.trim(), names);
  if (found === undefined) return 'there is no such section; ignored';
  const meant = findKind(found)?.named === 'always' ? `${found}:${section.name ?? 'name'}` : found;
  return `there is no such section; ignored; did you mean [${meant}]?`;
}

/** A key of [DEFAULT] is meant for some section; it need not fit each. */
function checkDefaults(sections: Sections, problems: ProblemLog): void {
  const known = SECTION_KINDS.flatMap((kind) => optionsOf(kind).map(([name]) => name));
  for (const entry of sections.defaults.values()) {
    if (known.includes(entry.key)) continue;
    problems.warning(
      { file: entry.source.file, line: entry.line, section: 'DEFAULT', key: entry.key },
      `no section has an option ${quote(entry.key)}; ignored${didYouMean(entry.key, known)}`,
    );
  }
}
