/** Why a process is as it is, both ways. */
import type { Explained } from '../../api/api.js';
import type { supd } from '../contract.js';
import { deathFromWire, deathToWire } from './deaths.js';
import { processFromWire, processToWire } from './processes.js';
import { present, timeFromWire, timeToWire } from './time.js';

/** As the contract says it. */
export function explainedToWire(explained: Explained): supd.v1.ExplainProcessResponse.$Properties {
  const { process, since, cause, lastAsked, next, deaths } = explained;
  return {
    process: processToWire(process),
    stateSince: timeToWire(since),
    cause,
    ...(lastAsked ? { lastAsked: { ...lastAsked, time: timeToWire(lastAsked.time) } } : {}),
    next,
    deaths: deaths.map(deathToWire),
  };
}

/** As the api says it. */
export function explainedFromWire(wire: supd.v1.ExplainProcessResponse.$Properties): Explained {
  const { lastAsked } = wire;
  return {
    process: processFromWire(wire.process ?? {}),
    ...present('since', timeFromWire(wire.stateSince)),
    cause: wire.cause ?? '',
    ...(lastAsked
      ? {
          lastAsked: {
            what: lastAsked.what ?? '',
            by: lastAsked.by ?? '',
            reason: lastAsked.reason ?? '',
            time: timeFromWire(lastAsked.time) ?? 0,
          },
        }
      : {}),
    next: wire.next ?? '',
    deaths: (wire.deaths ?? []).map(deathFromWire),
  };
}
