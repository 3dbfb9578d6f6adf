/** Reads a configuration with its includes. */
import path from 'node:path';
import { compile } from './compile.js';
import type { Config, Loaded, Overrides, Surroundings } from './config.js';
import type { Survey } from './departures/rule.js';
import { expand } from './expand.js';
import { type Block, parseText, type Source } from './parse.js';
import { openProblemLog, type ProblemLog } from './problems.js';
import { mergeBlocks } from './sections.js';

export { findConfig } from './find.js';
export { formatProblem } from './problems.js';

/**
 * The configuration at `file` (relative to the working directory), or everything that is wrong with it. Never
 * throws. Problems name files as they were given: those of includes relative to the main one.
 */
export function loadConfig(file: string, machine: Surroundings, overrides: Overrides = {}): Loaded {
  const problems = openProblemLog();
  const seen = new Set<string>();
  const surroundings: Surroundings = {
    ...machine,
    readText: (one) => {
      seen.add(path.resolve(machine.cwd, one));
      return machine.readText(one);
    },
  };
  const files = readAll(file, surroundings, problems);
  if (files === undefined) return { ok: false, problems: problems.sorted([file]) };
  const { main, extra } = files;
  const sections = mergeBlocks(files.blocks, problems);
  const absolute = path.resolve(surroundings.cwd, file);
  const named = { path: surroundings.realPath(absolute), included: extra.map((one) => one.path), main };
  const config = compile(sections, named, surroundings, overrides, problems);
  checkWriters(config, [...seen], machine, file, problems);
  const found = problems.sorted([file, ...extra.map((one) => one.source.file)]);
  return problems.hasErrors() ? { ok: false, problems: found } : { ok: true, config, problems: found };
}

/** What there is to look for departures in; undefined when the file can't be read. */
export function surveyConfig(file: string, surroundings: Surroundings): Survey | undefined {
  const files = readAll(file, surroundings, openProblemLog());
  if (files === undefined) return undefined;
  const problems = openProblemLog();
  const sections = mergeBlocks(files.blocks, problems);
  return { sections, file, repeated: problems.sorted([file]) };
}

interface Files {
  readonly main: Source;
  readonly extra: readonly Included[];
  /** Of all files, in reading order. */
  readonly blocks: readonly Block[];
}

function readAll(file: string, surroundings: Surroundings, problems: ProblemLog): Files | undefined {
  const absolute = path.resolve(surroundings.cwd, file);
  const main: Source = { file, here: path.dirname(absolute) };
  const text = readMain(absolute, main, surroundings, problems);
  if (text === undefined) return undefined;
  const own = parseInto(text, main, problems);
  const extra = readIncludes(own, main, surroundings, problems);
  return { main, extra, blocks: [...own, ...extra.flatMap((one) => one.blocks)] };
}

/** Every file that counts: what was read, and what says who may come in by TLS. */
function checkWriters(
  { daemon, grpc }: Config,
  read: readonly string[],
  { writableBy, cwd }: Surroundings,
  main: string,
  problems: ProblemLog,
): void {
  if (!writableBy) return;
  const certificates = [grpc.tlsCert, grpc.tlsKey, grpc.tlsClientCa].flatMap((file) => file ?? []);
  for (const file of [...read, ...certificates]) {
    const why = writableBy(path.resolve(cwd, file));
    if (why === undefined) continue;
    const message = `${file} can be changed by others than root, who then command root: ${why}`;
    const report = daemon.strictPermissions ? problems.error : problems.warning;
    report({ file: main, line: 0 }, `${message}; give the file and its directories to root alone`);
  }
}

interface Included {
  /** Absolute. */
  readonly path: string;
  readonly source: Source;
  readonly blocks: readonly Block[];
}

function readMain(
  absolute: string,
  source: Source,
  surroundings: Surroundings,
  problems: ProblemLog,
): string | undefined {
  const place = { file: source.file, line: 0 };
  if (!surroundings.exists(absolute)) {
    problems.error(place, 'there is no such file');
    return undefined;
  }
  try {
    return surroundings.readText(absolute);
  } catch (error) {
    problems.error(place, `cannot be read: ${(error as Error).message}`);
    return undefined;
  }
}

function parseInto(text: string, source: Source, problems: ProblemLog): readonly Block[] {
  const parsed = parseText(text, source);
  for (const { message, ...place } of parsed.problems) problems.error(place, message);
  return parsed.blocks;
}

/** What the main file's [include] names, in reading order. Includes do not nest. */
function readIncludes(
  blocks: readonly Block[],
  main: Source,
  surroundings: Surroundings,
  problems: ProblemLog,
): readonly Included[] {
  const header = blocks.find((block) => block.header === 'include');
  if (header === undefined) return [];
  const entries = blocks.filter((block) => block.header === 'include' || block.header === 'DEFAULT');
  const files = entries.flatMap((block) => block.entries).findLast((entry) => entry.key === 'files');
  const place = { file: main.file, line: files?.line ?? header.line, section: 'include', key: 'files' };
  if (files === undefined) {
    problems.error(place, 'is missing: [include] must say which files');
    return [];
  }
  const text = expand(files.value, includeNames(main, surroundings));
  if (!text.ok) {
    problems.error(place, text.why);
    return [];
  }
  const found: Included[] = [];
  for (const pattern of text.text.split(/\s+/).filter((word) => word !== '')) {
    const matches = surroundings.glob(pattern, main.here);
    if (matches.length === 0) problems.warning(place, `no file matches "${pattern}" in ${main.here}`);
    for (const match of matches) {
      const one = readIncluded(match, place, main, surroundings, problems);
      if (one !== undefined) found.push(one);
    }
  }
  return found;
}

function includeNames(main: Source, surroundings: Surroundings): ReadonlyMap<string, string> {
  const names = new Map([
    ['here', main.here],
    ['host_node_name', surroundings.hostName],
  ]);
  for (const [key, value] of Object.entries(surroundings.env))
    if (value !== undefined) names.set(`ENV_${key}`, value);
  return names;
}

function readIncluded(
  absolute: string,
  place: { readonly file: string; readonly line: number; readonly section: string; readonly key: string },
  main: Source,
  surroundings: Surroundings,
  problems: ProblemLog,
): Included | undefined {
  const relative = path.relative(main.here, absolute);
  const shown = relative.startsWith('..') ? absolute : path.join(path.dirname(main.file), relative);
  if (surroundings.isDirectory(absolute)) {
    problems.warning(place, `${shown} is a directory; skipped`);
    return undefined;
  }
  const source = { file: shown, here: path.dirname(absolute) };
  try {
    const blocks = parseInto(surroundings.readText(absolute), source, problems);
    const nested = blocks.find((block) => block.header === 'include');
    if (nested !== undefined) {
      problems.warning(
        { file: shown, line: nested.line, section: 'include' },
        'includes do not nest; ignored',
      );
    }
    return { path: absolute, source, blocks: blocks.filter((block) => block.header !== 'include') };
  } catch (error) {
    problems.error(place, `${shown} cannot be read: ${(error as Error).message}`);
    return undefined;
  }
}
