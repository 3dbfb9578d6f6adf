/** `top`: a line for each process, the one that uses most first. */
import type { ProcessView } from '../../grpc/client.js';
import { fullName } from './names.js';
import { spokenBytes } from './sizes.js';
import { tableLines } from './table.js';
import { spokenDuration } from './times.js';

export interface Sort {
  readonly name: string;
  readonly key: string;
  /** Largest first; by name where it is the same. */
  readonly of: (one: ProcessView) => number;
}

export const SORTS: readonly Sort[] = [
  { name: 'cpu', key: 'c', of: ({ cpuPercent = -1 }) => cpuPercent },
  { name: 'memory', key: 'm', of: ({ memoryBytes = -1 }) => memoryBytes },
  { name: 'uptime', key: 'u', of: ({ uptimeMs }) => uptimeMs },
  { name: 'restarts', key: 'r', of: ({ restarts }) => restarts },
  { name: 'name', key: 'n', of: () => 0 },
];

/** First what is running and in all, then a table with its titles. */
export function topLines(processes: readonly ProcessView[], sort: Sort): readonly string[] {
  const running = processes.filter(({ pid }) => pid > 0);
  const sum = (of: (one: ProcessView) => number | undefined) =>
    running.reduce((total, one) => total + (of(one) ?? 0), 0);
  const cpu = sum(({ cpuPercent }) => cpuPercent).toFixed(1);
  const memory = spokenBytes(sum(({ memoryBytes }) => memoryBytes));
  const titles = ['NAME', 'STATE', 'PID', 'CPU %', 'MEMORY', 'UP', 'RESTARTS', 'HEALTH'];
  return [
    `${processes.length} processes, ${running.length} running: ${cpu} % of a processor, ${memory} of memory; by ${sort.name}`,
    ...tableLines([titles, ...sorted(processes, sort).map(row)]),
  ];
}

export function sorted(processes: readonly ProcessView[], sort: Sort): readonly ProcessView[] {
  return [...processes].sort((a, b) => sort.of(b) - sort.of(a) || (fullName(a) < fullName(b) ? -1 : 1));
}

function row(one: ProcessView): readonly string[] {
  return [
    fullName(one),
    one.state,
    one.pid > 0 ? String(one.pid) : '-',
    one.cpuPercent === undefined ? '-' : one.cpuPercent.toFixed(1),
    one.memoryBytes === undefined ? '-' : spokenBytes(one.memoryBytes),
    one.pid > 0 ? spokenDuration(one.uptimeMs) : '-',
    String(one.restarts),
    one.health,
  ];
}
