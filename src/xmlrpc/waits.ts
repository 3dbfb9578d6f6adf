/** Starts and stops as supervisord's clients know them: who is meant, in which order, and what is waited for. */
import type { MemberView, ProcessResult, ResultCode } from '../api/api.js';
import { asking, RpcFault } from './faults.js';
import type { Rpc } from './method.js';
import { namespecOf } from './names.js';

export function isRunning({ state }: MemberView): boolean {
  return state === 'STARTING' || state === 'RUNNING' || state === 'BACKOFF';
}

/** What a start of a group or of all concerns. */
export function isStartable(member: MemberView): boolean {
  return !isRunning(member);
}

export function isSignallable({ state }: MemberView): boolean {
  return state === 'STARTING' || state === 'RUNNING' || state === 'STOPPING';
}

/** Starts all at once. What is known at once comes first, in the members' order; the others as they settle. */
export async function startEach(
  rpc: Rpc,
  members: readonly MemberView[],
  wait: boolean,
): Promise<readonly ProcessResult[]> {
  const refused = members.flatMap((member) => refusedStart(rpc, member, wait) ?? []);
  const wanted = members.filter((member) => !refused.some(({ id }) => id === member.id));
  const results = refused.map(({ result }) => result);
  if (wanted.length === 0) return results;
  const asked = { ...rpc.asked, noWait: !wait };
  results.push(...(await collect(rpc, wanted.length, () => rpc.api.start(idsOf(wanted), asked))));
  const known = members.filter(({ startsAtOnce }) => !wait || startsAtOnce).map(namespecOf);
  // Stable: those that took their time stay in the order in which they settled.
  return results.sort((a, b) => placeOf(a) - placeOf(b));

  function placeOf(result: ProcessResult): number {
    const name = namespecOf(result);
    const atOnce = known.includes(name) || !TAKES_TIME.includes(result.code);
    return atOnce ? members.findIndex((member) => namespecOf(member) === name) : members.length;
  }
}

const TAKES_TIME: readonly ResultCode[] = ['STARTED', 'SPAWN_ERROR', 'ABNORMAL_TERMINATION'];

/**
 * Stops them in supd's order, each priority when the one before is gone; with compat=strict all at once, as
 * supervisord does.
 */
export async function stopEach(
  rpc: Rpc,
  members: readonly MemberView[],
  wait: boolean,
): Promise<readonly ProcessResult[]> {
  const asked = { ...rpc.asked, noWait: !wait };
  if (members.length === 0) return [];
  if (!rpc.strict) return collect(rpc, members.length, () => rpc.api.stop(idsOf(members), asked));
  const results: ProcessResult[] = [];
  await Promise.all(
    members.map(async ({ id }) => results.push(...(await collect(rpc, 1, () => rpc.api.stop([id], asked))))),
  );
  return results;
}

/** What supervisord would not even try. */
function refusedStart(
  { strict }: Rpc,
  member: MemberView,
  wait: boolean,
): { readonly id: string; readonly result: ProcessResult } | undefined {
  const { id, name, group, state } = member;
  if (state === 'UNKNOWN') {
    const message = `${namespecOf(member)} is in an unknown process state`;
    return { id, result: { name, group, code: 'FAILED', message } };
  }
  // supervisord does not wait for the end of what it stops.
  if (!strict || state !== 'STOPPING') return undefined;
  return { id, result: { name, group, code: wait ? 'ABNORMAL_TERMINATION' : 'STARTED', message: '' } };
}

function idsOf(members: readonly MemberView[]): readonly string[] {
  return members.map(({ id }) => id);
}

/** All results, or the fault of a supd that is on its way out when they are not so many. */
async function collect(
  { asked }: Rpc,
  count: number,
  ask: () => AsyncIterable<ProcessResult>,
): Promise<readonly ProcessResult[]> {
  const found: ProcessResult[] = [];
  for await (const result of asking(undefined, ask)) found.push(result);
  if (found.length < count && asked.signal?.aborted) throw new RpcFault('SHUTDOWN_STATE');
  return found;
}
