/** `check --from-supervisord`: each departure with the places that meet it. */
import type { Departure } from '../../config/departures.js';
import { formatPlace } from '../../config/problems.js';

/** The places, then what is different there and what to do, indented. */
export function departureLines({ places, different, advice, strict }: Departure): readonly string[] {
  const when = typeof strict === 'string' ? ` ${strict}` : '';
  const undone = strict ? `compat=strict in [supd] undoes it${when}.` : 'compat=strict does not undo it.';
  return [
    ...places.map(formatPlace),
    `    ${different}.`,
    `    ${advice[0]?.toUpperCase()}${advice.slice(1)}. ${undone}`,
    '',
  ];
}
