// Makes dist/: the contract's static code, one bundle per program, and V8 code caches beside them.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const root = path.resolve(import.meta.dirname, '../..');
const gen = path.join(root, 'src/grpc/gen');
const dist = path.join(root, 'dist');
const bin = path.join(root, 'node_modules/.bin');

/** Static protobuf code: nothing parses .proto files at run time. Made when a .proto file is newer than it. */
export function makeContract() {
  const dir = path.join(root, 'proto');
  const protos = readdirSync(dir, { recursive: true })
    .filter((name) => name.endsWith('.proto'))
    .map((name) => path.join(dir, name))
    .sort();
  const stamp = path.join(gen, 'descriptors.js');
  const newest = Math.max(...[...protos, import.meta.filename].map((file) => statSync(file).mtimeMs));
  if (existsSync(stamp) && statSync(stamp).mtimeMs > newest) return;
  mkdirSync(gen, { recursive: true });
  const ours = (file) => file.startsWith(path.join(dir, 'supd'));
  makeCodec('contract', protos.filter(ours));
  // gRPC's own protocols: of the two editions of reflection, which are the same, the older one goes without a codec. So do
  // the details of errors, which src/grpc/richstatus.ts writes by hand: they are for clients that ask by reflection.
  const hasCodec = (file) => file.startsWith(path.join(dir, 'grpc')) && !file.includes('v1alpha');
  makeCodec('standard', protos.filter(hasCodec));
  const set = path.join(gen, 'descriptors.binpb');
  const flags = ['--exclude-source-info', '--as-file-descriptor-set', '-o', set];
  execFileSync(path.join(bin, 'buf'), ['build', ...flags], { cwd: root, stdio: 'inherit' });
  const text = readFileSync(set).toString('base64');
  writeFileSync(path.join(gen, 'descriptors.d.ts'), 'export const descriptorSet: string;\n');
  // Last: it is the stamp of all.
  writeFileSync(stamp, `export const descriptorSet =\n  '${text}';\n`);
}

/** One module of messages. 64-bit fields are numbers: src/grpc/numbers.ts. */
function makeCodec(name, protos) {
  const target = path.join(gen, `${name}.js`);
  const unused = ['create', 'verify', 'convert', 'delimited', 'typeurl', 'service'].map(
    (part) => `--no-${part}`,
  );
  // A root of its own: pbjs keeps all roots of one name in one object. pbts reads the comments, so they stay here.
  const flags = ['-t', 'static-module', '-w', 'esm', '-r', name, '--force-number', '--dts', ...unused];
  const from = ['-p', path.join(root, 'proto'), '-o', target, ...protos];
  execFileSync(path.join(bin, 'pbjs'), [...flags, ...from], { stdio: 'inherit' });
  const types = path.join(gen, `${name}.d.ts`);
  writeFileSync(types, readFileSync(types, 'utf8').replace(/^import Long.*\n/m, ''));
}

/** One program in one file, and what V8 compiled of it in another. */
async function bundle(entry, name, v8Flags) {
  const from = path.join(root, entry);
  if (!existsSync(from)) return;
  await build({
    entryPoints: [from],
    outfile: path.join(dist, `${name}.cjs`),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // Names too: the text stays in memory for as long as the daemon lives.
    minify: true,
    legalComments: 'none',
    // nodemailer: loaded with the first mail, not kept in everybody's memory.
    external: ['koffi', 'nodemailer'],
    // Its loader wants a module's own require(), and nothing here has 64-bit numbers in objects.
    supported: { 'dynamic-import': false },
    alias: {
      long: path.join(root, 'src/build/absent.cjs'),
      // Of grpc-js, for services that supd doesn't have.
      '@grpc/proto-loader': path.join(root, 'src/build/absent.cjs'),
    },
    logLevel: 'warning',
    define: { 'import.meta.url': 'importMetaUrl' },
    banner: { js: "const importMetaUrl=require('node:url').pathToFileURL(__filename).href;" },
  });
  const cache = path.join(import.meta.dirname, 'cache.mjs');
  execFileSync(process.execPath, [...v8Flags, cache, name], { stdio: ['ignore', 'ignore', 'inherit'] });
}

export async function makeDist() {
  makeContract();
  // V8 takes a code cache only under the flags it was made with: those of bin/supd.
  await bundle('src/main.ts', 'supd', ['--optimize-for-size']);
  await bundle('src/cli/main.ts', 'supctl', []);
}

/** Tests run compiled: src and test side by side under .build, file by file, so that a test imports what it tests. */
export async function makeTests() {
  makeContract();
  const files = ['src', 'test'].flatMap((top) =>
    readdirSync(path.join(root, top), { recursive: true })
      .filter((name) => /\.(ts|mts)$/.test(name) && !name.endsWith('.d.ts'))
      .map((name) => path.join(root, top, name)),
  );
  for (const top of ['src', 'test']) rmSync(path.join(root, '.build', top), { recursive: true, force: true });
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
  await build({
    entryPoints: ['contract', 'standard', 'descriptors'].map((name) => path.join(gen, `${name}.js`)),
    outdir: path.join(root, '.build'),
    outbase: root,
    format: 'esm',
    logLevel: 'warning',
  });
}

if (process.argv[1] === import.meta.filename) await makeDist();
