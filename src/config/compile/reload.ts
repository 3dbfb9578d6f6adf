/** How a program is made to read its files again. */
import type { ReloadSpec } from '../../core/reload-words.js';
import { splitCommand } from '../../core/words.js';
import { omitUndefined } from '../omit-undefined.js';
import type { PROGRAM_COPY } from '../options/program.js';
import type { Values } from '../options/row.js';
import { placeOf, type Reading } from '../reader.js';
import type { Section } from '../sections.js';

type Copy = Values<typeof PROGRAM_COPY>;

/** undefined: it can't be. */
export function compileReload({ problems }: Reading, section: Section, copy: Copy): ReloadSpec | undefined {
  const { reload_check: check, reload_signal: signal, reload_command: command } = copy;
  for (const [key, text] of [
    ['reload_check', check],
    ['reload_command', command],
  ] as const) {
    const split = text === undefined ? undefined : splitCommand(text);
    if (split && !split.ok) problems.error(placeOf(section, key), `can't be split into words: ${split.why}`);
    else if (split?.words.length === 0) problems.error(placeOf(section, key), 'must not be empty');
  }
  if (signal !== undefined && command !== undefined)
    problems.error(
      placeOf(section, 'reload_command'),
      'must not be there beside reload_signal: one of them does it',
    );
  if (command !== undefined) return { ...omitUndefined({ check }), by: { kind: 'command', command } };
  if (signal !== undefined) return { ...omitUndefined({ check }), by: { kind: 'signal', signal } };
  if (check !== undefined)
    problems.error(
      placeOf(section, 'reload_check'),
      'needs reload_signal or reload_command, which does the reload',
    );
  return undefined;
}
