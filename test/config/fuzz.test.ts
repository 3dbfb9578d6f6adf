import fc from 'fast-check';
import { test } from 'tap';
import { formatProblem, loadConfig } from '../../src/config/load.js';
import { fakeSurroundings } from '../helpers/fake-surroundings.js';
import { randomConf, randomProgram } from '../helpers/random-conf.js';

// SEED=… RUNS=… npm test -- config/fuzz repeats a failure, or looks longer.
const options = {
  numRuns: Number(process.env.RUNS ?? 1000),
  ...(process.env.SEED === undefined ? {} : { seed: Number(process.env.SEED) }),
};
/** More than any file of a few hundred bytes is worth. */
const MOST_BYTES = 20_000_000;

/** Loads a main file and one that it may include, and looks at what is promised of every answer. */
function holds(main: string, included = ''): void {
  const machine = fakeSurroundings({ files: { '/srv/supd.conf': main, '/srv/more.conf': included } });
  const loaded = loadConfig('supd.conf', machine);
  const errors = loaded.problems.filter(({ severity }) => severity === 'error');
  if (loaded.ok !== (errors.length === 0)) throw new Error('errors and outcome disagree');
  for (const problem of loaded.problems) {
    const lines = (problem.file === 'supd.conf' ? main : included).split(/\r\n|\r|\n/).length;
    if (problem.line < 0 || problem.line > lines) throw new Error(`no such line: ${formatProblem(problem)}`);
    if (formatProblem(problem).includes('\n')) throw new Error(`more than a line: ${formatProblem(problem)}`);
  }
  if (JSON.stringify(loaded).length > MOST_BYTES) throw new Error('it grew without bound');
}

test('no file makes the reader throw or hang, and every problem has its place on one line', {
  timeout: 120_000,
}, async (t) => {
  fc.assert(
    fc.property(randomConf(), (text) => holds(text)),
    options,
  );
  fc.assert(
    fc.property(randomProgram(), (text) => holds(text)),
    options,
  );
  fc.assert(
    fc.property(randomConf(), (text) => holds(`[supd]\n[include]\nfiles=more.conf\n${text}`, text)),
    options,
  );
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), (text) => holds(text)),
    options,
  );
  t.pass(`${4 * options.numRuns} files`);
});
