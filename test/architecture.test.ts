/** The shape of src: who may import whom, what only one folder may touch, how large a file may be. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'tap';

const src = path.resolve('src');

interface Source {
  /** "core", "daemon" …, or "main" for the composition root. */
  readonly folder: string;
  readonly name: string;
  readonly text: string;
  /** Specifiers, as written. */
  readonly imports: readonly string[];
}

/** Leftward only: each folder with all that it may import. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  config: ['core'],
  logs: ['core'],
  os: ['core'],
  daemon: ['core', 'config', 'logs', 'os'],
  api: ['core', 'config', 'logs', 'os', 'daemon'],
  grpc: ['core', 'config', 'logs', 'os', 'daemon', 'api'],
  xmlrpc: ['core', 'config', 'logs', 'os', 'daemon', 'api'],
  // The pages are mounted on the HTTP servers, which know nothing of them.
  web: ['core', 'config', 'logs', 'os', 'daemon', 'api', 'xmlrpc'],
  cli: ['core', 'config'],
  main: ['core', 'config', 'logs', 'os', 'daemon', 'api', 'grpc', 'xmlrpc', 'web'],
};
/** What the client may see of the wires and the api. */
// os/accounts: `supctl check` asks whether users exist, as `supd --check` does.
const CLI_MAY_SEE = [
  'os/accounts',
  'grpc/client',
  'grpc/contract',
  'grpc/gen/contract',
  'xmlrpc/client',
  'api/errors',
];

const sources: readonly Source[] = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.includes('gen/'))
  .map((name) => {
    const text = readFileSync(path.join(src, name), 'utf8');
    const imports = [
      ...text.matchAll(/(?:^|\n)(?:import|export)\b[^;'"]*?from '([^']+)'|import\('([^']+)'\)/g),
    ];
    const folder = name.includes('/') ? (name.split('/')[0] ?? '') : path.basename(name, '.ts');
    return { folder, name, text, imports: imports.map((one) => one[1] ?? one[2] ?? '') };
  });

/** "daemon/engine" for '../daemon/engine.js' seen from src/api/x.ts; undefined for a package. */
function targetOf(source: Source, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return path.join(path.dirname(source.name), specifier).replace(/\.js$/, '');
}

test('imports go only leftward', async (t) => {
  t.ok(sources.length > 50, 'the sources are found');
  for (const source of sources) {
    const allowed = MAY_IMPORT[source.folder];
    t.ok(allowed, `${source.name}: is its folder one of the tree's?`);
    for (const specifier of source.imports) {
      const target = targetOf(source, specifier);
      if (target === undefined || target.endsWith('package.json')) continue;
      const folder = target.split('/')[0] ?? '';
      const seen = folder === source.folder || allowed?.includes(folder);
      const granted = source.folder === 'cli' && CLI_MAY_SEE.includes(target);
      t.ok(seen || granted, `${source.name} may not import ${target}`);
    }
  }
});

test('the core is pure: no package, no clock, no randomness, no timer', async (t) => {
  for (const source of sources.filter(({ folder }) => folder === 'core')) {
    t.same(
      source.imports.filter((specifier) => !specifier.startsWith('.')),
      [],
      `${source.name} imports no package`,
    );
    const impure =
      /\b(Date\.now|new Date\(\)|performance\.|Math\.random|setTimeout|setInterval|setImmediate|process\.(?:env|argv|pid|hrtime|exit|cwd|on|nextTick|std))/;
    const code = source.text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
    t.notMatch(code, impure, `${source.name} is pure`);
  }
});

test('only src/os knows koffi and starts processes', async (t) => {
  for (const source of sources.filter(({ folder }) => folder !== 'os')) {
    const native = source.imports.filter((one) => ['koffi', 'node:child_process', 'tree-kill'].includes(one));
    t.same(native, [], source.name);
  }
});

test('the HTTP wire is loaded by a configuration that asks for it, and else not', async (t) => {
  const outside = sources.filter(({ folder }) => !['xmlrpc', 'web', 'cli'].includes(folder));
  const importing = outside.filter(({ text }) => /from '[^']*\/xmlrpc\/|from 'fast-xml-parser'/.test(text));
  t.same(
    importing.map(({ name }) => name),
    [],
    'nothing imports it from outside',
  );
  t.match(sources.find(({ folder }) => folder === 'main')?.text, /import\('\.\/xmlrpc\/sockets\.js'\)/);
});

test('the pages are loaded when somebody looks at one, and else not', async (t) => {
  const importing = sources.filter(({ folder, text }) => folder !== 'web' && /from '[^']*\/web\//.test(text));
  t.same(
    importing.map(({ name }) => name),
    [],
    'nothing imports them from outside',
  );
  t.match(sources.find(({ folder }) => folder === 'main')?.text, /await import\('\.\/web\/pages\.js'\)/);
});

test('no import goes in a circle', async (t) => {
  const graph = new Map(
    sources.map((source) => [
      source.name.replace(/\.ts$/, ''),
      // Types alone make no circle at run time.
      [...source.text.matchAll(/(?:^|\n)(?:import|export) (?!type\b)[^;'"]*?from '(\.[^']+)'/g)].map((one) =>
        targetOf(source, one[1] ?? ''),
      ),
    ]),
  );
  const done = new Set<string>();
  const circleFrom = (name: string, trail: readonly string[]): readonly string[] | undefined => {
    if (trail.includes(name)) return [...trail.slice(trail.indexOf(name)), name];
    if (done.has(name)) return undefined;
    for (const next of graph.get(name) ?? []) {
      const circle = next === undefined ? undefined : circleFrom(next, [...trail, name]);
      if (circle) return circle;
    }
    done.add(name);
    return undefined;
  };
  for (const name of graph.keys()) t.equal(circleFrom(name, [])?.join(' > '), undefined, name);
});

test('files stay small: none over 300 lines, half of them under 100', async (t) => {
  const lengths = sources.map(({ name, text }) => ({ name, lines: text.split('\n').length - 1 }));
  t.same(
    lengths.filter(({ lines }) => lines > 300).map(({ name, lines }) => `${name}: ${lines}`),
    [],
  );
  const sorted = lengths.map(({ lines }) => lines).sort((a, b) => a - b);
  t.ok(
    (sorted[Math.floor(sorted.length / 2)] ?? 0) < 100,
    `the median is ${sorted[Math.floor(sorted.length / 2)]}`,
  );
});
