// Plays rsync where it isn't installed: `-a [--delete] SOURCE… DIR/`, between directories of this machine.
// Exit status as rsync's: 1 for a wrong use, 23 when something could not be copied.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

const options = { archive: { type: 'boolean', short: 'a' }, delete: { type: 'boolean' } };
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const target = positionals.pop();
if (positionals.length === 0) {
  process.stderr.write('usage: rsync -a [--delete] SOURCE… DIR/\n');
  process.exit(1);
}

for (const source of positionals) {
  const copy = path.join(target, path.basename(source));
  try {
    fs.cpSync(source, copy, { recursive: true, preserveTimestamps: true });
    if (values.delete) removeExtra(source, copy);
  } catch (error) {
    process.stderr.write(`rsync: ${error.message}\n`);
    process.exitCode = 23;
  }
}

/** Takes away what the copy has and the source has not. */
function removeExtra(source, copy) {
  for (const name of fs.readdirSync(copy, { recursive: true })) {
    if (!fs.existsSync(path.join(source, name)))
      fs.rmSync(path.join(copy, name), { recursive: true, force: true });
  }
}
