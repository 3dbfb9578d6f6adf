/** Blocks of all files -> sections: one name, one section; [DEFAULT] and the two spellings of main sections. */
import type { Block, Entry, Source } from './parse.js';
import type { ProblemLog } from './problems.js';
import { strip } from './whitespace.js';

export interface Section {
  /** What stands before the colon, by its first name: `supd` for [supervisord] too. */
  readonly kind: string;
  /** What stands behind the colon, stripped; undefined without a colon. */
  readonly name: string | undefined;
  /** As written where it first appears. */
  readonly header: string;
  readonly source: Source;
  readonly line: number;
  /** Own keys; the last of a name wins. */
  readonly own: ReadonlyMap<string, Entry>;
  /** Own keys and those of [DEFAULT]. */
  readonly entries: ReadonlyMap<string, Entry>;
}

export interface Sections {
  readonly all: readonly Section[];
  readonly defaults: ReadonlyMap<string, Entry>;
}

/** supervisord's name of a section that has one of our own. */
const OWN_NAMES: ReadonlyMap<string, string> = new Map([
  ['supervisord', 'supd'],
  ['supervisorctl', 'supctl'],
]);

/** In order of first appearance. Tells of sections given twice in one file and of keys given twice in a block. */
export function mergeBlocks(blocks: readonly Block[], problems: ProblemLog): Sections {
  const defaults = new Map<string, Entry>();
  const open = new Map<string, { first: Block; last: Block; own: Map<string, Entry> }>();
  for (const block of blocks) {
    warnOfRepeatedKeys(block, problems);
    if (block.header === 'DEFAULT') {
      for (const entry of block.entries) defaults.set(entry.key, entry);
      continue;
    }
    const { kind, name } = readHeaderName(block.header);
    const identity = name === undefined ? kind : `${kind}:${name}`;
    const known = open.get(identity);
    if (known === undefined) {
      open.set(identity, { first: block, last: block, own: new Map(block.entries.map((e) => [e.key, e])) });
      continue;
    }
    warnOfRepeatedSection(known.last, block, kind, problems);
    for (const entry of block.entries) known.own.set(entry.key, entry);
    known.last = block;
  }
  const all = [...open.values()].map(({ first, own }) => ({
    ...readHeaderName(first.header),
    header: first.header,
    source: first.source,
    line: first.line,
    own,
    entries: new Map([...defaults, ...own]),
  }));
  return { all, defaults };
}

function readHeaderName(header: string): { kind: string; name: string | undefined } {
  const colon = header.indexOf(':');
  if (colon < 0) return { kind: OWN_NAMES.get(header) ?? header, name: undefined };
  return { kind: header.slice(0, colon), name: strip(header.slice(colon + 1)) };
}

function warnOfRepeatedKeys(block: Block, problems: ProblemLog): void {
  const seen = new Map<string, Entry>();
  for (const entry of block.entries) {
    const before = seen.get(entry.key);
    if (before !== undefined) {
      problems.warning(
        { file: entry.source.file, line: entry.line, section: block.header, key: entry.key },
        `is given in line ${before.line} already; the last one counts`,
      );
    }
    seen.set(entry.key, entry);
  }
}

/** A file that is included may add to a section of another file: that is what includes are for. */
function warnOfRepeatedSection(before: Block, block: Block, kind: string, problems: ProblemLog): void {
  const place = { file: block.source.file, line: block.line, section: block.header };
  if (before.header !== block.header) {
    const where = `[${before.header}] in ${before.source.file}:${before.line}`;
    problems.warning(place, `means the same section as ${where}; both are read as one, the later keys count`);
    return;
  }
  if (before.source.file !== block.source.file) return;
  if (kind === 'job') {
    problems.error(
      place,
      `there is a job of this name in line ${before.line} already; give one another name`,
    );
  } else {
    problems.warning(
      place,
      `begins again (first in line ${before.line}); both are read as one, the later keys count`,
    );
  }
}
