/** Who a process runs as and what it may do, in words. */
import type { ProcessView } from '../../grpc/client.js';

type Rights = NonNullable<ProcessView['identity']>;

export function rightsLine({ uids, gids, groups, ...rights }: Rights): string {
  // Root has them all: a list says nothing then.
  const all = uids[1] === 0 && rights.capabilities.length > 20;
  const capabilities = all ? 'all' : rights.capabilities.join(',') || 'none';
  return [
    `uid ${uids[1]}`,
    `gid ${gids[1]}`,
    `groups ${groups.join(',') || 'none'}`,
    `capabilities ${capabilities}`,
    `no_new_privileges ${rights.noNewPrivileges ? 'yes' : 'no'}`,
    `nice ${rights.nice}`,
    `umask ${rights.umask.toString(8).padStart(3, '0')}`,
  ].join(', ');
}

export function limitsLine(limits: Rights['limits']): string {
  const shown = (value: number) => (Number.isFinite(value) ? String(value) : 'unlimited');
  return Object.entries(limits)
    .map(
      ([name, { soft, hard }]) => `${name} ${soft === hard ? shown(soft) : `${shown(soft)}-${shown(hard)}`}`,
    )
    .join(', ');
}
