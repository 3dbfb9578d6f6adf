/** How the file itself is read. */
import { checkKeys, kindOf } from '../compile/check-keys.js';
import { readEnvironment } from '../environment.js';
import { optionsOf } from '../options.js';
import type { Entry } from '../parse.js';
import { placeOf } from '../reader.js';
import type { Section } from '../sections.js';
import { given, placesTold, type Rule } from './rule.js';

export const values: readonly Rule[] = [
  {
    name: 'unknown',
    different:
      'is warned about at every start, with the name that was perhaps meant; supervisord ignores it without a word',
    advice: 'correct the name, or delete it: supd ignores it too',
    strict: false,
    find: ({ sections }) => {
      const known = new Set(
        sections.all.filter((section) => kindOf(section) !== undefined).map(({ line }) => line),
      );
      // Of a section as a whole that has a kind nothing is unknown.
      return placesTold((problems) => checkKeys(sections, problems)).filter(
        ({ key, line }) => key !== undefined || !known.has(line),
      );
    },
  },
  {
    name: 'repeated',
    different: 'is warned about; as with supervisord the last one counts',
    advice: 'keep the one that is meant',
    strict: false,
    find: ({ repeated }) => repeated,
  },
  {
    name: 'comment-in-quotes',
    different: 'a ; or # inside quotes is text; supervisord cuts the value there',
    advice: 'nothing to do where the value is meant as it stands; else end it before the comment',
    strict: true,
    find: ({ sections }) =>
      sections.all.flatMap((section) =>
        [...section.own.values()]
          .filter(({ value, strictValue }) => value !== strictValue)
          .map(({ key }) => placeOf(section, key)),
      ),
  },
  {
    name: 'environment-quoting',
    different: 'is read by shell quoting, as supervisord 4.3 and later do; 4.2 drops a part of it',
    advice: 'put each value in one pair of double quotes, which all versions read alike',
    strict: true,
    find: ({ sections }) => given(sections.all, ['environment'], readsOtherwise),
  },
  {
    name: 'percent',
    different: '%%%% is one percent sign here, as with supervisord; %% is one too, where supervisord fails',
    advice: 'nothing to do; keep %%%% for as long as supervisord may read the file again',
    strict: true,
    find: ({ sections }) =>
      sections.all.flatMap((one) => given([one], filledInTwice(one), (value) => value.includes('%%%%'))),
  },
];

/** Keys of a section whose values supervisord fills in twice. */
function filledInTwice(section: Section): readonly string[] {
  const kind = kindOf(section);
  const rows = kind === undefined ? [] : optionsOf(kind);
  return rows.filter(([, row]) => row.twice === true).map(([name]) => name);
}

function readsOtherwise(_text: string, { strictValue, value }: Entry): boolean {
  const [theirs, ours] = [readEnvironment(strictValue, true), readEnvironment(value, false)];
  return JSON.stringify(theirs.ok && theirs.values) !== JSON.stringify(ours.ok && ours.values);
}
