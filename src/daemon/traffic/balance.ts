/** In and out of HAProxy's backend. One at a time leaves a backend: two that leave at once would each count on the other. */
import { setTimeout as pause } from 'node:timers/promises';
import type { HaproxySpec } from '../../core/traffic.js';
import { HaproxyError, isUp, type Server, serversOf, setState } from './haproxy.js';

const LOOK_MS = 100;
/** What was assigned in the instant before the drain may not be counted yet. */
const LOOKS_WITHOUT = 2;
const UP_MS = 60_000;

/** The last one that leaves each backend, until it has done so. */
const leaving = new Map<string, Promise<unknown>>();

/** Why this server must not be drained: nobody else is UP. A backend of one server has nobody else ever. */
export async function whyNotLeave(haproxy: HaproxySpec): Promise<string | undefined> {
  return lastOf(haproxy, await serversOf(haproxy));
}

/** What was out of the ordinary, in words. */
export interface Oddity {
  /** Is it out of its backend? */
  readonly isDrained: boolean;
  readonly what: string;
}

/**
 * Takes the server out: no new requests, then a wait for those that it has, then maintenance.
 * @param until  by performance.now(): what is not over then is cut off
 * @throws HaproxyError
 */
export async function drain(
  haproxy: HaproxySpec,
  until: number,
  signal: AbortSignal,
): Promise<Oddity | undefined> {
  const key = `${haproxy.socket} ${haproxy.backend}`;
  const before = leaving.get(key);
  const turn = (before ?? Promise.resolve()).catch(() => {}).then(() => beginDrain(haproxy));
  leaving.set(key, turn);
  const last = await turn.finally(() => {
    if (leaving.get(key) === turn) leaving.delete(key);
  });
  if (last !== undefined) return { isDrained: false, what: last };
  let busy = 1;
  for (let without = 0; without < LOOKS_WITHOUT; await pause(LOOK_MS, undefined, { signal })) {
    busy = own(haproxy, await serversOf(haproxy)).busy;
    without = busy === 0 ? without + 1 : 0;
    if (busy > 0 && performance.now() >= until) break;
  }
  await setState(haproxy, 'maint');
  if (busy === 0) return undefined;
  return {
    isDrained: true,
    what: `${busy} ${busy === 1 ? 'request was' : 'requests were'} not over in time`,
  };
}

/** Puts the server in again and waits until HAProxy sends requests to it. @throws HaproxyError */
export async function bringBack(haproxy: HaproxySpec, signal: AbortSignal): Promise<void> {
  await setState(haproxy, 'ready');
  const until = performance.now() + UP_MS;
  for (;;) {
    const server = own(haproxy, await serversOf(haproxy));
    if (isUp(server)) return;
    if (performance.now() >= until)
      throw new HaproxyError(
        `${haproxy.backend}/${haproxy.server} is ${server.status} in HAProxy ${UP_MS / 1000} s after it was made ready`,
      );
    await pause(LOOK_MS, undefined, { signal });
  }
}

/** @returns why not */
async function beginDrain(haproxy: HaproxySpec): Promise<string | undefined> {
  const last = lastOf(haproxy, await serversOf(haproxy));
  if (last === undefined) await setState(haproxy, 'drain');
  return last;
}

function lastOf({ backend, server }: HaproxySpec, servers: readonly Server[]): string | undefined {
  const others = servers.filter(({ name }) => name !== server);
  const isServing = servers.some((one) => one.name === server && isUp(one));
  if (!isServing || others.length === 0 || others.some(isUp)) return undefined;
  const states = others.map(({ name, status }) => `${name} is ${status}`).join(', ');
  return `no other server of ${backend} is UP (${states})`;
}

function own({ server }: HaproxySpec, servers: readonly Server[]): Server {
  return servers.find(({ name }) => name === server) as Server;
}
