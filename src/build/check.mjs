// npm run check: types, formatter and linter, contract, import rule, dead exports. Runs all, then says what failed.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { makeContract } from './build.mjs';

const root = path.resolve(import.meta.dirname, '../..');
makeContract();

const checks = [
  ['types', 'tsc', '-p', '.'],
  ['format and lint', 'biome', 'ci', '--colors=off', '.'],
  ['contract', 'buf', 'lint'],
  ['dead exports', 'knip'],
];
const failed = checks.filter(([name, command, ...args]) => {
  const { status } = spawnSync(path.join(root, 'node_modules/.bin', command), args, {
    cwd: root,
    stdio: 'inherit',
  });
  console.log(`${status === 0 ? 'ok' : 'FAILED'}  ${name}`);
  return status !== 0;
});
// The import rule is a test: it runs with the others too.
const rule = spawnSync(process.execPath, ['test/run.mjs', 'architecture'], { cwd: root, stdio: 'inherit' });
process.exitCode = failed.length > 0 || rule.status !== 0 ? 1 : 0;
