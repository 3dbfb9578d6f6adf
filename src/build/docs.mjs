// npm run docs: writes the option tables of README.md from the option table of the sources.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const root = path.resolve(import.meta.dirname, '../..');
const readme = path.join(root, 'README.md');
const bundled = await build({
  entryPoints: [path.join(root, 'src/config/help.ts')],
  bundle: true,
  write: false,
  platform: 'node',
  format: 'esm',
});
const source = `data:text/javascript;base64,${Buffer.from(bundled.outputFiles[0].contents).toString('base64')}`;
const { optionTable } = await import(source);
const text = readFileSync(readme, 'utf8');
const [begin, end] = ['<!-- options -->\n', '<!-- end of options -->'];
const before = text.slice(0, text.indexOf(begin) + begin.length);
writeFileSync(readme, `${before}\n${optionTable().trim()}\n\n${text.slice(text.indexOf(end))}`);
