/** Where supd departs from supervisord on a configuration, rule by rule. Pure: sections in, departures out. */
import { logs } from './departures/logs.js';
import { plugins } from './departures/plugins.js';
import type { Rule, Survey } from './departures/rule.js';
import { starting } from './departures/starting.js';
import { stopping } from './departures/stopping.js';
import { values } from './departures/values.js';
import type { Place } from './problems.js';

export interface Departure {
  readonly name: string;
  readonly different: string;
  readonly advice: string;
  /** compat=strict in [supd] undoes it; a text: in this case only. */
  readonly strict: boolean | string;
  /** Where the configuration meets it; at least one. */
  readonly places: readonly Place[];
}

export const RULES: readonly Rule[] = [...stopping, ...starting, ...logs, ...values, ...plugins];

/** Only those that this configuration meets. */
export function findDepartures(survey: Survey): readonly Departure[] {
  return RULES.flatMap(({ find, ...rule }) => {
    const places = find(survey).map(({ file, line, section, key }) => ({
      file,
      line,
      ...(section === undefined ? {} : { section }),
      ...(key === undefined ? {} : { key }),
    }));
    return places.length === 0 ? [] : [{ ...rule, places }];
  });
}
