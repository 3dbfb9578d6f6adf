/** The journal of this supd, with what another one left running. */
import path from 'node:path';
import type { Conditions } from './conditions.js';
import { Journal } from './journal.js';
import type { DaemonParts } from './parts.js';
import { type ReadState, runsLeft } from './statefile.js';

/** @throws the system's error when its directories can't be made or read */
export function openJournal(parts: DaemonParts, left: ReadState, conditions: Conditions): Journal {
  const journal = Journal.open(path.join(parts.statedir, 'jobs'), {
    kept: runsLeft(left),
    shelter: path.join(parts.rundir, 'jobs'),
    told: (why) => conditions.note('journal', why),
  });
  for (const warning of journal.warnings) parts.log.warn(warning);
  return journal;
}
