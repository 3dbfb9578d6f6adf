import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Test, test } from 'tap';
import { ownDirectory } from './serve.js';

const bin = new URL('../../../bin', import.meta.url);

/** A package with our bin/ and this program as dist/NAME.cjs. */
function installed(
  t: Test,
  name: string,
  program?: string,
): { readonly run: typeof run; readonly root: string } {
  const root = ownDirectory(t);
  cpSync(bin, path.join(root, 'bin'), { recursive: true, dereference: true });
  writeFileSync(path.join(root, 'package.json'), '{ "type": "module" }');
  mkdirSync(path.join(root, 'dist'));
  if (program !== undefined) writeFileSync(path.join(root, `dist/${name}.cjs`), program);
  function run(file: string, env: NodeJS.ProcessEnv = {}, ...args: string[]) {
    const done = spawnSync(file, args, { encoding: 'utf8', env: { PATH: process.env.PATH, ...env } });
    return { status: done.status, out: done.stdout, err: done.stderr };
  }
  return { run, root };
}

for (const name of ['supctl', 'supd']) {
  test(`${name} that was not built says what to do`, async (t) => {
    const { run, root } = installed(t, name);
    const { status, err } = run(path.join(root, 'bin', name));
    t.equal(status, 1);
    const file = path.join(root, 'dist', `${name}.cjs`);
    t.equal(err, `${name}: not built: there is no ${file}; run "npm ci" in ${root}\n`);
  });

  test(`${name} runs from a link, with its arguments, whatever its code cache is`, async (t) => {
    const program =
      'console.log(process.argv.slice(2).join(), typeof require, __filename); process.exitCode = 7;';
    const { run, root } = installed(t, name, program);
    const link = path.join(root, 'link');
    symlinkSync(path.join('bin', name), link);
    const right = { status: 7, out: `a,b function ${path.join(root, `dist/${name}.cjs`)}\n`, err: '' };
    t.strictSame(run(link, {}, 'a', 'b'), right);
    writeFileSync(path.join(root, `dist/${name}.cache`), 'of another Node');
    t.strictSame(run(link, {}, 'a', 'b'), right);
  });
}

test('Node reads no extra certificates, and supd keeps their path for its programs', async (t) => {
  const program = 'console.log(process.env.NODE_EXTRA_CA_CERTS, process.env.SUPD_NODE_EXTRA_CA_CERTS);';
  const env = { NODE_EXTRA_CA_CERTS: '/nowhere/ca certs.pem' };
  const supd = installed(t, 'supd', program);
  const command = path.join(supd.root, 'bin/supd');
  t.strictSame(supd.run(command, env), { status: 0, out: 'undefined /nowhere/ca certs.pem\n', err: '' });
  t.equal(supd.run(command).out, 'undefined \n');
  const supctl = installed(t, 'supctl', program);
  t.equal(supctl.run(path.join(supctl.root, 'bin/supctl'), env).out, 'undefined undefined\n');
});
