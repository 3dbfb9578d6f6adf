// Makes dist/: the contract's static code, one bundle per program, and V8 code caches beside them.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const root = path.resolve(import.meta.dirname, '../..');
const gen = path.join(root, 'src/grpc/gen');
const dist = path.join(root, 'dist');

/** Static protobuf code: nothing parses .proto files at run time. */
export function makeContract() {
  const dir = path.join(root, 'proto');
  const protos = readdirSync(dir, { recursive: true })
    .filter((name) => name.endsWith('.proto'))
    .map((name) => path.join(dir, name))
    .sort();
  const target = path.join(gen, 'contract.js');
  if (protos.length === 0) return;
  const newest = Math.max(...protos.map((file) => statSync(file).mtimeMs));
  if (existsSync(target) && statSync(target).mtimeMs > newest) return;
  mkdirSync(gen, { recursive: true });
  const bin = path.join(root, 'node_modules/.bin');
  const flags = [
    '-t',
    'static-module',
    '-w',
    'es6',
    '-p',
    dir,
    '--no-verify',
    '--no-delimited',
    '--no-typeurl',
  ];
  execFileSync(path.join(bin, 'pbjs'), [...flags, '-o', target, ...protos], { stdio: 'inherit' });
  execFileSync(path.join(bin, 'pbts'), ['-o', path.join(gen, 'contract.d.ts'), target], { stdio: 'inherit' });
}

async function bundle(entry, name) {
  const from = path.join(root, entry);
  if (!existsSync(from)) return;
  await build({
    entryPoints: [from],
    outfile: path.join(dist, `${name}.cjs`),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: false,
    legalComments: 'none',
    external: ['koffi'],
    logLevel: 'warning',
    define: { 'import.meta.url': 'importMetaUrl' },
    banner: { js: "const importMetaUrl=require('node:url').pathToFileURL(__filename).href;" },
  });
}

export async function makeDist() {
  makeContract();
  rmSync(dist, { recursive: true, force: true });
  await bundle('src/main.ts', 'supd');
  await bundle('src/cli/main.ts', 'supctl');
}

/** Tests run compiled: src and test side by side under .build, file by file, so that a test imports what it tests. */
export async function makeTests() {
  makeContract();
  const files = ['src', 'test'].flatMap((top) =>
    readdirSync(path.join(root, top), { recursive: true })
      .filter((name) => /\.(ts|mts)$/.test(name) && !name.endsWith('.d.ts'))
      .map((name) => path.join(root, top, name)),
  );
  rmSync(path.join(root, '.build'), { recursive: true, force: true });
  await build({
    entryPoints: files,
    outdir: path.join(root, '.build'),
    outbase: root,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  if (existsSync(gen)) {
    await build({
      entryPoints: [path.join(gen, 'contract.js')],
      outdir: path.join(root, '.build'),
      outbase: root,
      format: 'esm',
      logLevel: 'warning',
    });
  }
}

if (process.argv[1] === import.meta.filename) await makeDist();
