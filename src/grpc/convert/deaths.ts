/** What the black box kept, both ways. */
import type { DeathView } from '../../api/deaths.js';
import type { supd } from '../contract.js';
import { deathCause } from './names.js';
import { present, timeFromWire, timeToWire } from './time.js';

/** A death as the contract says it. */
export function deathToWire(death: DeathView): supd.v1.Death.$Properties {
  const { facts } = death;
  return {
    ...death,
    time: timeToWire(death.time),
    startTime: timeToWire(death.startTime),
    cause: deathCause.toWire(death.cause),
    facts: facts && { ...facts, time: timeToWire(facts.time) },
  };
}

/** A death as the api says it. */
export function deathFromWire(wire: supd.v1.Death.$Properties): DeathView {
  return {
    time: timeFromWire(wire.time) ?? 0,
    pid: wire.pid ?? 0,
    ...present('startTime', timeFromWire(wire.startTime)),
    ...present('exitStatus', wire.exitStatus),
    exitSignal: wire.exitSignal ?? '',
    coreDumped: wire.coreDumped ?? false,
    expected: wire.expected ?? false,
    cause: deathCause.fromWire(wire.cause),
    reason: wire.reason ?? '',
    output: wire.output ?? '',
    ...present('facts', wire.facts ? factsFromWire(wire.facts) : undefined),
    ...present('cpuMs', wire.cpuMs),
    environment: wire.environment ?? '',
  };
}

function factsFromWire(wire: supd.v1.ProcessFacts.$Properties): NonNullable<DeathView['facts']> {
  return {
    time: timeFromWire(wire.time) ?? 0,
    memoryBytes: wire.memoryBytes ?? 0,
    peakMemoryBytes: wire.peakMemoryBytes ?? 0,
    cpuMs: wire.cpuMs ?? 0,
    threads: wire.threads ?? 0,
    openFiles: wire.openFiles ?? 0,
    descendants: wire.descendants ?? 0,
    ...present('limitNofile', wire.limitNofile),
  };
}
