// `npm run soak -- [TIME]`: the real supd under load for so long (90s, 5m, 2h; default 5m). SOAK_SEED repeats a run.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { makeDist, makeTests } from '../../src/build/build.mjs';

await makeDist();
await makeTests();

const root = path.resolve(import.meta.dirname, '../..');
const soak = ['--enable-source-maps', '.build/test/soak/soak.js', ...process.argv.slice(2)];
const child = spawn(process.execPath, soak, { cwd: root, stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('close', (code) => {
  process.exitCode = code ?? 1;
});
