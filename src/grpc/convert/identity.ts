/** A process's rights, both ways. */
import type { Identity, Limit } from '../../core/identity.js';
import type { supd } from '../contract.js';

/** The effective ids stand for all four: where they differ is seen by the daemon alone. */
export function identityToWire(identity: Identity): supd.v1.Identity.$Properties {
  const { limits } = identity;
  return {
    uid: identity.uids[EFFECTIVE],
    gid: identity.gids[EFFECTIVE],
    groups: [...identity.groups],
    capabilities: [...identity.capabilities],
    noNewPrivileges: identity.noNewPrivileges,
    nice: identity.nice,
    umask: identity.umask,
    limitNofile: limitToWire(limits.nofile),
    limitNproc: limitToWire(limits.nproc),
    limitCore: limitToWire(limits.core),
    limitMemlock: limitToWire(limits.memlock),
  };
}

const EFFECTIVE = 1;

/** The rights as the api says them. */
export function identityFromWire(wire: supd.v1.Identity.$Properties): Identity {
  return {
    uids: Array<number>(4).fill(wire.uid ?? 0),
    gids: Array<number>(4).fill(wire.gid ?? 0),
    groups: wire.groups ?? [],
    capabilities: wire.capabilities ?? [],
    noNewPrivileges: wire.noNewPrivileges ?? false,
    nice: wire.nice ?? 0,
    umask: wire.umask ?? 0,
    limits: {
      nofile: limitFromWire(wire.limitNofile),
      nproc: limitFromWire(wire.limitNproc),
      core: limitFromWire(wire.limitCore),
      memlock: limitFromWire(wire.limitMemlock),
    },
  };
}

function limitToWire({ soft, hard }: Limit): supd.v1.Limit.$Properties {
  return {
    ...(Number.isFinite(soft) ? { soft } : {}),
    ...(Number.isFinite(hard) ? { hard } : {}),
  };
}

function limitFromWire(wire: supd.v1.Limit.$Properties | null | undefined): Limit {
  return { soft: wire?.soft ?? Number.POSITIVE_INFINITY, hard: wire?.hard ?? Number.POSITIVE_INFINITY };
}
