/**
 * What event listeners and the events for them are when supd ends by itself, for the next one to go on with: at that
 * moment it is known what each has said and been told. After a death by signal it is not.
 */
import type { Listener } from './listener.js';
import { newPool, type Pool } from './pool.js';
import type { GroupSpec, PoolSpec } from './program.js';

/** A pool without what its configuration says of it. */
export type SavedPool = Omit<Pool, 'spec' | 'types' | 'sending'>;

export interface SavedPools {
  /** Of the last event of all, or -1. */
  readonly lastSerial: number;
  readonly pools: readonly SavedPool[];
}

export const noPoolsSaved: SavedPools = { lastSerial: -1, pools: [] };

/** @param isWhole  has this listener been written all that it was sent? One that has not is begun anew */
export function savePool(
  { name, lastSerial, buffer, members }: Pool,
  isWhole: (id: string) => boolean,
): SavedPool {
  return {
    name,
    lastSerial,
    buffer: [...eventsOf(members.filter(({ id }) => !isWhole(id))), ...buffer],
    members: members.filter(({ id }) => isWhole(id)),
  };
}

/** What they were about to do. */
function eventsOf(members: Pool['members']): Pool['buffer'] {
  return members.flatMap(({ listener }) => (listener.state.name === 'BUSY' ? [listener.state.event] : []));
}

/** The listeners that one can go on talking to. */
export function listenersOf({ pools }: SavedPools): readonly string[] {
  return pools.flatMap(({ members }) =>
    members.filter(({ listener }) => listener.state.name !== 'UNKNOWN').map(({ id }) => id),
  );
}

/** @param isLeft  is it still there to go on with? */
export function resumePool(
  group: GroupSpec,
  spec: PoolSpec,
  saved: SavedPool,
  isLeft: (id: string) => boolean,
): Pool {
  const fresh = newPool(group, spec);
  const known = new Map(saved.members.filter(({ id }) => isLeft(id)).map((one) => [one.id, one]));
  return {
    ...fresh,
    lastSerial: saved.lastSerial,
    buffer: [...eventsOf(saved.members.filter(({ id }) => !known.has(id))), ...saved.buffer],
    members: fresh.members.map((one) => ({ ...one, ...known.get(one.id), blocked: false })),
  };
}

/** What a state file has of it; what isn't that is nothing. */
export function readPools(value: unknown): SavedPools {
  if (!isObject(value) || !isCount(value.lastSerial) || !Array.isArray(value.pools)) return noPoolsSaved;
  return value.pools.every(isPool) ? { lastSerial: value.lastSerial, pools: value.pools } : noPoolsSaved;
}

function isPool(value: unknown): value is SavedPool {
  if (!isObject(value) || typeof value.name !== 'string' || !isCount(value.lastSerial)) return false;
  if (!Array.isArray(value.buffer) || !value.buffer.every(isEvent) || !Array.isArray(value.members))
    return false;
  return value.members.every(
    (one: unknown) =>
      isObject(one) &&
      typeof one.id === 'string' &&
      typeof one.name === 'string' &&
      typeof one.serving === 'boolean' &&
      isListener(one.listener),
  );
}

function isListener(value: unknown): value is Listener {
  if (!isObject(value) || typeof value.heard !== 'string' || !isObject(value.state)) return false;
  const { name, event, result } = value.state;
  if (name !== 'BUSY') return ['ACKNOWLEDGED', 'READY', 'UNKNOWN'].includes(String(name));
  if (!isEvent(event)) return false;
  if (result === undefined) return true;
  return (
    isObject(result) && isCount(result.length) && isCount(result.seen) && typeof result.head === 'string'
  );
}

function isEvent(value: unknown): boolean {
  return (
    isObject(value) &&
    isCount(value.serial) &&
    isCount(value.poolSerial) &&
    typeof value.type === 'string' &&
    typeof value.payload === 'string'
  );
}

/** From -1, which is none yet. */
function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= -1;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
