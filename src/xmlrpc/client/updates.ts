/** `update` as supervisorctl does it: what is gone, then what has changed, then what is new. */
import type { GroupChange, RereadAnswer } from '../../api/answers.js';
import type { Value } from '../codec/value.js';
import { Faults } from './faults.js';
import { asArray, asNumber, asStruct, asText, type Rpc } from './rpc.js';
import type { RequestOptions } from './transport.js';

/** @throws CallFailure */
export async function reread(rpc: Rpc, options?: RequestOptions): Promise<RereadAnswer> {
  const [lists] = asArray(await rpc.call('reloadConfig', [], options));
  const [added = [], changed = [], removed = []] = asArray(lists).map((list) => asArray(list).map(asText));
  return { added, changed, removed, warnings: [] };
}

/** @throws CallFailure from the iteration */
export async function* update(
  rpc: Rpc,
  groups: readonly string[],
  options?: RequestOptions,
): AsyncGenerator<GroupChange, void, void> {
  const { added, changed, removed } = await reread(rpc, options);
  const wanted = (group: string) => groups.length === 0 || groups.includes(group);
  if (groups.length > 0) {
    const known = new Set([...added, ...(await groupsOf(rpc, options))]);
    for (const group of groups) if (!known.has(group)) yield tell(group, 'UNKNOWN');
  }
  for (const group of removed.filter(wanted)) {
    const results = asArray(await rpc.call('stopProcessGroup', [group], options));
    yield tell(group, 'STOPPED');
    if (results.some(hasFailed)) {
      yield tell(group, 'FAILED');
      continue;
    }
    await rpc.call('removeProcessGroup', [group], options);
    yield tell(group, 'REMOVED');
  }
  for (const group of changed.filter(wanted)) {
    await rpc.call('stopProcessGroup', [group], options);
    yield tell(group, 'STOPPED');
    await rpc.call('removeProcessGroup', [group], options);
    await rpc.call('addProcessGroup', [group], options);
    yield tell(group, 'UPDATED');
  }
  for (const group of added.filter(wanted)) {
    await rpc.call('addProcessGroup', [group], options);
    yield tell(group, 'ADDED');
  }
}

async function groupsOf(rpc: Rpc, options: RequestOptions | undefined): Promise<readonly string[]> {
  return asArray(await rpc.call('getAllProcessInfo', [], options)).map((one) => asText(asStruct(one).group));
}

function hasFailed(result: Value): boolean {
  return asNumber(asStruct(result).status) === Faults.FAILED;
}

function tell(group: string, change: GroupChange['change']): GroupChange {
  return { group, change, message: '' };
}
