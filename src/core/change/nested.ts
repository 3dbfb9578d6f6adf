/** Fields of a specification that several options make together. All of them are supd's alone to go by: they change live. */
import { formatDuration } from '../durations.js';
import { describeProbe, type HealthSpec, isAwaited } from '../probe.js';
import type { ProcessSpec } from '../program.js';
import { signalName } from '../signals.js';
import { formatBytes } from '../sizes.js';
import { LIVE, type OptionChange, option } from './compare.js';

export function compareReady(
  before: ProcessSpec['ready'],
  after: ProcessSpec['ready'],
): readonly OptionChange[] {
  const isLive = isAsked(before) && isAsked(after);
  const probe = (ready: ProcessSpec['ready']) => (ready ? describeProbe(ready.probe) : 'delay');
  return [
    ...option<string>('ready', isLive)(probe(before), probe(after)),
    ...option<number | undefined>('ready_timeout', LIVE, time)(before?.timeoutMs, after?.timeoutMs),
  ];
}

export function compareHealth(
  before: ProcessSpec['health'],
  after: ProcessSpec['health'],
): readonly OptionChange[] {
  const of = <K extends keyof HealthSpec>(
    key: K,
    name: string,
    show?: (value: HealthSpec[K] | undefined) => string,
  ) => option<HealthSpec[K] | undefined>(name, LIVE, show)(before?.[key], after?.[key]);
  return [
    ...of('probe', 'health', (probe) => (probe ? describeProbe(probe) : '')),
    ...of('intervalMs', 'health_interval', time),
    ...of('timeoutMs', 'health_timeout', time),
    ...of('retries', 'health_retries'),
    ...of('startPeriodMs', 'health_start_period', time),
  ];
}

export function compareBackoff(
  before: ProcessSpec['backoff'],
  after: ProcessSpec['backoff'],
): readonly OptionChange[] {
  const of = (name: string, value: (spec: NonNullable<typeof before>) => number | undefined) =>
    option<number | undefined>(name, LIVE, time)(before && value(before), after && value(after));
  return [
    ...of('restart_delay', ({ delay }) => delay?.firstMs),
    ...of('restart_delay_max', ({ delay }) => delay?.longestMs),
    ...of('restart_window', ({ windowMs }) => windowMs),
  ];
}

export function compareTraffic(
  before: ProcessSpec['traffic'],
  after: ProcessSpec['traffic'],
): readonly OptionChange[] {
  const server = (traffic: ProcessSpec['traffic']) => {
    const { haproxy } = traffic ?? {};
    return haproxy ? `${haproxy.socket} ${haproxy.backend}/${haproxy.server}` : '';
  };
  const urls = (traffic: ProcessSpec['traffic']) => traffic?.warmup.join(' ') ?? '';
  return [
    ...option<string>('haproxy', LIVE)(server(before), server(after)),
    ...option<string>('pre_stop', LIVE)(before?.preStop ?? '', after?.preStop ?? ''),
    ...option<string>('post_start', LIVE)(before?.postStart ?? '', after?.postStart ?? ''),
    ...option<string>('warmup', LIVE)(urls(before), urls(after)),
    ...option<number | undefined>('drain_timeout', LIVE, time)(before?.drainMs, after?.drainMs),
    ...option<number | undefined>('warmup_timeout', LIVE, time)(before?.warmupMs, after?.warmupMs),
  ];
}

export function compareMemory(
  before: ProcessSpec['memory'],
  after: ProcessSpec['memory'],
): readonly OptionChange[] {
  const quiet = (memory: ProcessSpec['memory']) => {
    const { from, to } = memory?.quiet ?? {};
    return from === undefined || to === undefined ? '' : `${clock(from)}-${clock(to)}`;
  };
  return [
    ...option<number | undefined>('max_memory', LIVE, (bytes) =>
      bytes === undefined ? '' : formatBytes(bytes),
    )(before?.maxBytes, after?.maxBytes),
    ...option<string>('quiet_hours', LIVE)(quiet(before), quiet(after)),
  ];
}

export function compareReloads(
  before: ProcessSpec['reload'],
  after: ProcessSpec['reload'],
): readonly OptionChange[] {
  const signalOf = (spec: ProcessSpec['reload']) =>
    spec?.by.kind === 'signal' ? signalName(spec.by.signal) : '';
  const commandOf = (spec: ProcessSpec['reload']) => (spec?.by.kind === 'command' ? spec.by.command : '');
  return [
    ...option<string>('reload_check', LIVE)(before?.check ?? '', after?.check ?? ''),
    ...option<string>('reload_signal', LIVE)(signalOf(before), signalOf(after)),
    ...option<string>('reload_command', LIVE)(commandOf(before), commandOf(after)),
  ];
}

/** Nothing of it is given to the process at its start, or taken from it since. */
function isAsked(ready: ProcessSpec['ready']): boolean {
  return ready === undefined || !isAwaited(ready.probe);
}

function time(ms: number | undefined): string {
  return ms === undefined ? '' : formatDuration(ms);
}

/** "03:30" */
function clock(minutes: number): string {
  return [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0')).join(':');
}
