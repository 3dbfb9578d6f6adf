/** Specs for tests: what supervisord would make of a program section that says nothing but its command. */
import type { GroupSpec, ProcessSpec, StreamSpec } from '../../src/core/program.js';

const stream: StreamSpec = {
  file: { kind: 'none' },
  maxBytes: 52428800,
  backups: 10,
  captureMaxBytes: 0,
  eventsEnabled: false,
  syslog: false,
};

export function processSpec(name: string, more: Partial<ProcessSpec> = {}): ProcessSpec {
  const group = more.group ?? name;
  return {
    id: `${group}:${name}`,
    name,
    group,
    program: name,
    command: '/bin/true',
    environment: {},
    limits: {},
    capabilities: [],
    noNewPrivileges: false,
    priority: 999,
    autostart: true,
    autorestart: 'unexpected',
    startMs: 1000,
    startRetries: 3,
    exitCodes: [0],
    stopSignal: 15,
    stopWaitMs: 10_000,
    stopAsGroup: false,
    killAsGroup: false,
    redirectStderr: false,
    stdout: stream,
    stderr: stream,
    ...more,
  };
}

export function groupSpec(name: string, processes: readonly ProcessSpec[], priority = 999): GroupSpec {
  const kind = processes.length === 1 && processes[0]?.name === name ? 'program' : 'group';
  return { name, kind, priority, processes };
}

/** A lone program. */
export function program(name: string, priority = 999, more: Partial<ProcessSpec> = {}): GroupSpec {
  return groupSpec(name, [processSpec(name, { priority, ...more })], priority);
}
