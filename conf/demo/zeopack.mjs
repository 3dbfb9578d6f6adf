// Plays zeopack: asks ZEO to drop the records that newer ones replaced.
//   node zeopack.mjs 127.0.0.1:8100
import { ask } from './frames.mjs';

const [address] = process.argv.slice(2);
const { before, after } = await ask(address, { op: 'pack' });
process.stdout.write(`packed: ${before} records, ${after} kept\n`);
