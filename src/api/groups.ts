/** Configuration and life of groups, and of the daemon itself. */

import type { Config } from '../config/config.js';
import { diffGroups } from '../config/diff.js';
import { isActive } from '../core/world.js';
import type { Daemon } from '../daemon/daemon.js';
import { checkNewCode } from '../daemon/upgrade.js';
import type { Api } from './api.js';
import { refuseIfClosing } from './closing.js';
import { SupdError } from './errors.js';
import { makePlan } from './plan.js';
import { tellAsked } from './told.js';
import { update } from './update.js';

export type Groups = Pick<
  Api,
  'reread' | 'plan' | 'update' | 'addGroup' | 'removeGroup' | 'shutdown' | 'reload' | 'upgrade' | 'reopenLogs'
>;

/** Reads the configuration the daemon was started with once more. */
export type ReadConfiguration = () =>
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly errors: readonly string[] };

export function makeGroups(daemon: Daemon, read: ReadConfiguration): Groups {
  const readAnew = () => {
    refuseIfClosing(daemon);
    const answer = read();
    if (!answer.ok) {
      const [first = 'the configuration has errors'] = answer.errors;
      throw new SupdError('BAD_CONFIG', first, { details: answer.errors });
    }
    return answer;
  };
  const reread = () => {
    const answer = readAnew();
    daemon.configure(answer.config);
    const active = [...daemon.engine.world.groups.values()];
    return { ...diffGroups(active, daemon.config.groups), warnings: answer.warnings };
  };
  return {
    reread(asked) {
      tellAsked(daemon, 'reread', [], asked);
      return reread();
    },
    plan: () => makePlan(daemon, readAnew()),
    update(names, asked) {
      reread();
      daemon.configureJobs();
      tellAsked(daemon, 'update', names, asked);
      return update(daemon, names, asked);
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
