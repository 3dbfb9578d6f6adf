/** The daemon, its groups and its events, both ways. */

import type { DaemonAnswer } from '../../api/answers.js';
import type { DaemonView, EventView, Watched } from '../../api/api.js';
import type { supd } from '../contract.js';
import { daemonState } from './names.js';
import { timeFromWire, timeToWire } from './time.js';

/** The daemon as the contract says it. */
export function daemonToWire(view: DaemonView): supd.v1.GetDaemonResponse.$Properties {
  return {
    version: view.version,
    apiVersion: 'supd.v1',
    identifier: view.identifier,
    pid: view.pid,
    state: daemonState.toWire(view.state),
    startTime: timeToWire(view.startTime),
    configuration: view.configuration,
    logfile: view.logfile,
    conditions: [...view.conditions],
    memoryBytes: view.memoryBytes,
    upgrades: view.upgrades,
  };
}

/** The daemon as the client gives it. */
export function daemonFromWire(wire: supd.v1.GetDaemonResponse.$Properties): DaemonAnswer {
  return {
    version: wire.version ?? '',
    apiVersion: wire.apiVersion ?? '',
    identifier: wire.identifier ?? '',
    pid: wire.pid ?? 0,
    state: daemonState.fromWire(wire.state),
    startTime: timeFromWire(wire.startTime) ?? 0,
    configuration: wire.configuration ?? '',
    logfile: wire.logfile ?? '',
    conditions: wire.conditions ?? [],
    memoryBytes: wire.memoryBytes ?? 0,
    upgrades: wire.upgrades ?? 0,
  };
}

/** An event, or the news that some are lost. */
export function watchedToWire(watched: Watched): supd.v1.WatchEventsResponse.$Properties {
  switch (watched.kind) {
    case 'event':
      return { event: eventToWire(watched.event) };
    case 'gap':
      return { gap: { missed: watched.missed } };
    default:
      return watched satisfies never;
  }
}

/** An event, or the news that some are lost; a kind that is not known is a gap of unknown size. */
export function watchedFromWire(wire: supd.v1.WatchEventsResponse.$Properties): Watched {
  if (!wire.event) return { kind: 'gap', missed: wire.gap?.missed ?? 0 };
  const { sequence, resumeToken, time, type, name, group, details } = wire.event;
  const event: EventView = {
    sequence: sequence ?? 0,
    resumeToken: resumeToken ?? '',
    time: timeFromWire(time) ?? 0,
    type: type ?? '',
    name: name ?? '',
    group: group ?? '',
    details: details ?? {},
  };
  return { kind: 'event', event };
}

function eventToWire(event: EventView): supd.v1.Event.$Properties {
  return { ...event, time: timeToWire(event.time), details: { ...event.details } };
}
