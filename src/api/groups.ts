/** Configuration and life of groups, and of the daemon itself. */

import type { Config } from '../config/config.js';
import { diffGroups } from '../config/diff.js';
import { isActive } from '../core/world.js';
import type { Daemon } from '../daemon/daemon.js';
import { checkNewCode } from '../daemon/upgrade.js';
import type { Api, Asked, GroupChange } from './api.js';
import { refuseIfClosing } from './closing.js';
import { stopEach } from './control.js';
import { SupdError } from './errors.js';
import { whenFree } from './holds.js';
import { tellAsked } from './told.js';

export type Groups = Pick<
  Api,
  'reread' | 'update' | 'addGroup' | 'removeGroup' | 'shutdown' | 'reload' | 'upgrade' | 'reopenLogs'
>;

/** Reads the configuration the daemon was started with once more. */
export type ReadConfiguration = () =>
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly errors: readonly string[] };

export function makeGroups(daemon: Daemon, read: ReadConfiguration): Groups {
  const reread = () => {
    refuseIfClosing(daemon);
    const answer = read();
    if (!answer.ok) {
      const [first = 'the configuration has errors'] = answer.errors;
      throw new SupdError('BAD_CONFIG', first, { details: answer.errors });
    }
    daemon.configure(answer.config);
    const active = [...daemon.engine.world.groups.values()];
    return { ...diffGroups(active, daemon.config.groups), warnings: answer.warnings };
  };
  return {
    reread(asked) {
      tellAsked(daemon, 'reread', [], asked);
      return reread();
    },
    update(names, asked) {
      const changes = reread();
      daemon.configureJobs();
      tellAsked(daemon, 'update', names, asked);
      return update(daemon, changes, names, asked);
    },
    addGroup(name, asked) {
      refuseIfClosing(daemon);
      const group = daemon.config.groups.find((one) => one.name === name);
      if (!group) throw new SupdError('BAD_NAME', `no group is named "${name}"`, { field: 'group' });
      if (daemon.engine.world.groups.has(name))
        throw new SupdError('ALREADY_ADDED', `${name} is active already`);
      const wrong = daemon.sockets.check(group);
      if (wrong !== undefined) throw new SupdError('BAD_CONFIG', wrong);
      tellAsked(daemon, 'add', [name], asked);
      daemon.engine.dispatch({ type: 'addGroups', groups: [group], autostart: true });
    },
    removeGroup(name, asked) {
      refuseIfClosing(daemon);
      const group = daemon.engine.world.groups.get(name);
      if (!group) throw new SupdError('BAD_NAME', `no group is named "${name}"`, { field: 'group' });
      const running = membersOf(daemon, name).filter(({ state }) => isActive(state));
      if (running.length > 0) {
        const names = running.map(({ spec }) => spec.name).join(', ');
        throw new SupdError('STILL_RUNNING', `${name} is still running (${names}); stop it first`);
      }
      tellAsked(daemon, 'remove', [name], asked);
      daemon.engine.dispatch({ type: 'removeGroup', name });
    },
    shutdown(asked) {
      refuseIfClosing(daemon);
      tellAsked(daemon, 'shutdown', [], asked);
      daemon.stop('shutdown');
    },
    reload(asked) {
      refuseIfClosing(daemon);
      const answer = read();
      if (!answer.ok) {
        const [first = 'the configuration has errors'] = answer.errors;
        throw new SupdError('BAD_CONFIG', `not reloaded: ${first}`, { details: answer.errors });
      }
      tellAsked(daemon, 'reload', [], asked);
      daemon.stop('restarting');
    },
    async upgrade({ check }, asked) {
      refuseIfClosing(daemon);
      if (!check) tellAsked(daemon, 'upgrade', [], asked);
      const { exits, origin, rundir } = daemon.parts;
      const checked = await checkNewCode(exits, origin, rundir);
      if (!checked.ok) {
        const [first = 'the new code does not start', ...rest] = checked.why;
        throw new SupdError('FAILED', 'not upgraded', { details: [`not upgraded: ${first}`, ...rest] });
      }
      refuseIfClosing(daemon);
      if (!check) daemon.leave('upgrading');
      return checked.version;
    },
    reopenLogs(asked) {
      tellAsked(daemon, 'reopen logs', [], asked);
      daemon.reopenLogs();
    },
  };
}

function membersOf(daemon: Daemon, group: string) {
  return [...daemon.engine.world.processes.values()].filter(({ spec }) => spec.group === group);
}

interface Changes {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** In supervisorctl's order: what is gone, what changed, what is new. */
async function* update(
  daemon: Daemon,
  changes: Changes,
  names: readonly string[],
  asked: Asked,
): AsyncGenerator<GroupChange> {
  const all = names.length === 0 || names.includes('all');
  const wanted = (name: string) => all || names.includes(name);
  const known = new Set([
    ...daemon.engine.world.groups.keys(),
    ...daemon.config.groups.map(({ name }) => name),
  ]);
  for (const name of all ? [] : names.filter((one) => !known.has(one))) {
    yield { group: name, change: 'UNKNOWN', message: `no group is named "${name}"` };
  }
  for (const name of [...changes.removed, ...changes.changed].filter(wanted)) {
    const isGone = changes.removed.includes(name);
    const wrong = isGone ? undefined : wrongSocket(daemon, name);
    if (wrong !== undefined) {
      yield { group: name, change: 'FAILED', message: wrong };
      continue;
    }
    const running = () => membersOf(daemon, name).filter(({ state }) => isActive(state));
    const ids = running().map(({ spec }) => spec.id);
    for await (const _ of whenFree(daemon, ids, asked, ({ signal }) =>
      stopEach(daemon, running()).stopped(signal),
    ));
    if (daemon.engine.world.mode !== 'running' || asked.signal?.aborted) return;
    yield { group: name, change: 'STOPPED', message: '' };
    daemon.engine.dispatch({ type: 'removeGroup', name });
    if (daemon.engine.world.groups.has(name)) {
      yield { group: name, change: 'FAILED', message: 'it was started again meanwhile' };
      continue;
    }
    if (!isGone) add(daemon, name);
    yield { group: name, change: isGone ? 'REMOVED' : 'UPDATED', message: '' };
  }
  for (const name of changes.added.filter(wanted)) {
    const wrong = wrongSocket(daemon, name);
    if (wrong !== undefined) {
      yield { group: name, change: 'FAILED', message: wrong };
      continue;
    }
    add(daemon, name);
    yield { group: name, change: 'ADDED', message: '' };
  }
}

/** Why the group that is to come could not start, found before the one that is there is stopped. */
function wrongSocket(daemon: Daemon, name: string): string | undefined {
  const group = daemon.config.groups.find((one) => one.name === name);
  return group && daemon.sockets.check(group);
}

function add(daemon: Daemon, name: string): void {
  const groups = daemon.config.groups.filter((one) => one.name === name);
  daemon.engine.dispatch({ type: 'addGroups', groups, autostart: true });
}
