'use strict';
// Runs dist/NAME.cjs from the code that V8 made of it at build time (dist/NAME.cache): half of a start is compiling.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { Script } = require('node:vm');

/** What package.json asks for; an older one would fail somewhere, or not at all yet. */
const OLDEST = 20;

module.exports = (name) => {
  if (Number(process.versions.node.split('.')[0]) < OLDEST) {
    process.stderr.write(`${name}: needs Node ${OLDEST} or later, this is ${process.versions.node}\n`);
    process.exitCode = 1;
    return;
  }
  // This file's own place is a real path, wherever the link is that npm made to bin/NAME.
  const dist = join(__dirname, '../dist');
  const filename = join(dist, `${name}.cjs`);
  const source = read(filename, 'latin1');
  if (source === undefined) {
    process.stderr.write(
      `${name}: not built: there is no ${filename}; run "npm ci" in ${join(__dirname, '..')}\n`,
    );
    process.exitCode = 1;
    return;
  }
  const wrapped = `(function(exports,require,module,__filename,__dirname){${source}\n})`;
  // Another Node than the one at the build refuses the cache and compiles: slower, and nothing else.
  const script = new Script(wrapped, { filename, cachedData: read(join(dist, `${name}.cache`)) });
  script.runInThisContext()(exports, require, module, filename, dist);
  return script;
};

function read(file, encoding) {
  try {
    return readFileSync(file, encoding);
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
