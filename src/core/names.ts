/** From what a user types to processes. Rules of supervisord, plus shell patterns and unambiguous short names. */

export interface Named {
  readonly id: string;
  readonly name: string;
  readonly group: string;
}

export interface Resolved {
  /** In the order of the targets, each once. */
  readonly ids: readonly string[];
  readonly unknown: readonly Unknown[];
}

export interface Unknown {
  readonly target: string;
  readonly kind: 'process' | 'group';
}

/**
 * What `targets` name among `all` (ordered) and `groups` (a group may be empty).
 * `all`; `name`; `group:name`; `group:*` or `group:`; any of them with `*`, `?` or `[…]`.
 */
export function resolveTargets(
  targets: readonly string[],
  all: readonly Named[],
  groups: ReadonlySet<string>,
): Resolved {
  const ids = new Set<string>();
  const unknown: Unknown[] = [];
  for (const target of targets) {
    const found = find(target, all);
    if (found.length > 0) {
      for (const one of found) ids.add(one.id);
      continue;
    }
    const group = wholeGroup(target);
    if (target === 'all' || (group !== undefined && groups.has(group))) continue;
    unknown.push({ target, kind: group === undefined ? 'process' : 'group' });
  }
  return { ids: [...ids], unknown };
}

/** The one process that `name` or `group:name` names, or undefined. */
export function resolveOne(name: string, all: readonly Named[]): Named | undefined {
  // Before all else: a configured name may hold what is special in a pattern.
  const itself = all.find((one) => one.id === name);
  if (itself || name.includes(':') || isPattern(name)) return itself;
  const exact = all.find((one) => one.id === `${name}:${name}`);
  if (exact) return exact;
  const [only, second] = all.filter((one) => one.name === name);
  return second ? undefined : only;
}

/** A process's `group:name` as people write it: `name` where the group is its own. */
export function shortName(id: string): string {
  const colon = id.indexOf(':');
  return id.slice(0, colon) === id.slice(colon + 1) ? id.slice(colon + 1) : id;
}

/** The group of `group:*` and `group:`, or undefined. */
export function wholeGroup(target: string): string | undefined {
  const colon = target.indexOf(':');
  if (colon < 0) return undefined;
  const rest = target.slice(colon + 1);
  return rest === '' || rest === '*' ? target.slice(0, colon) : undefined;
}

function find(target: string, all: readonly Named[]): readonly Named[] {
  if (target === 'all') return all;
  const itself = all.find((one) => one.id === target);
  if (itself) return [itself];
  const group = wholeGroup(target);
  if (group !== undefined) {
    const matches = isPattern(group) ? globMatcher(group) : (name: string) => name === group;
    return all.filter((one) => matches(one.group));
  }
  if (isPattern(target)) {
    const matches = globMatcher(target);
    return all.filter((one) => matches(one.id) || matches(one.name));
  }
  const one = resolveOne(target, all);
  return one ? [one] : [];
}

function isPattern(text: string): boolean {
  return /[*?[]/.test(text);
}

/** fnmatch(3) without its locale rules; linear for the patterns that people write, bounded for all. */
function globMatcher(pattern: string): (text: string) => boolean {
  return (text) => matchGlob(pattern, text);
}

function matchGlob(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let mark = 0;
  while (t < text.length) {
    const width = matchOne(pattern, p, text[t] ?? '');
    if (pattern[p] === '*') {
      star = p;
      mark = t;
      p += 1;
    } else if (width > 0) {
      p += width;
      t += 1;
    } else if (star >= 0) {
      p = star + 1;
      mark += 1;
      t = mark;
    } else return false;
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}

/** How many pattern characters match this one character; 0: none. */
function matchOne(pattern: string, p: number, char: string): number {
  const head = pattern[p];
  if (head === undefined || head === '*') return 0;
  if (head === '?') return 1;
  const end = head === '[' ? pattern.indexOf(']', p + 2) : -1;
  if (end < 0) return head === char ? 1 : 0;
  const negated = pattern[p + 1] === '!' || pattern[p + 1] === '^';
  const set = pattern.slice(p + (negated ? 2 : 1), end);
  let inside = false;
  for (let i = 0; i < set.length; i += 1) {
    const from = set[i] ?? '';
    const last = set[i + 1] === '-' && set[i + 2] !== undefined ? (set[i + 2] ?? '') : from;
    if (last !== from) i += 2;
    if (char >= from && char <= last) inside = true;
  }
  return inside !== negated ? end + 1 - p : 0;
}
