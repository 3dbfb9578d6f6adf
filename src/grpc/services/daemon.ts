/** supd.v1.DaemonService on the api. */
import type { Api } from '../../api/api.js';
import { isMemberChange, type UpdateStep } from '../../api/changes.js';
import { planToWire, stepToWire } from '../convert/changes.js';
import { daemonToWire, watchedToWire } from '../convert/daemon.js';
import { holdToWire } from '../convert/processes.js';
import type { Handlers } from '../handlers.js';
import { each, eachWithHolds } from './each.js';

type DaemonMethods =
  | 'getDaemon'
  | 'rereadConfiguration'
  | 'planUpdate'
  | 'updateGroups'
  | 'addGroup'
  | 'removeGroup'
  | 'shutdown'
  | 'reload'
  | 'upgrade'
  | 'reopenLogs'
  | 'testNotification'
  | 'watchEvents';

/** Its handlers. */
export function daemonHandlers(api: Api): Pick<Handlers, DaemonMethods> {
  return {
    getDaemon: () => daemonToWire(api.daemon()),
    rereadConfiguration: ({ reason }, asking) => {
      const { added, changed, removed, warnings } = api.reread({ ...asking, reason });
      return { added: [...added], changed: [...changed], removed: [...removed], warnings: [...warnings] };
    },
    planUpdate: () => planToWire(api.plan()),
    updateGroups: ({ groups, reason, force, noWait, tellHolds, tellMembers }, asking) =>
      eachWithHolds(
        { asked: { ...asking, reason, force, noWait }, tellHolds },
        (asked) => (tellMembers ? api.update(groups, asked) : toldGroups(api.update(groups, asked))),
        stepToWire,
        (hold) => ({ hold: holdToWire(hold) }),
      ),
    addGroup: ({ group, reason }, asking) => {
      api.addGroup(group, { ...asking, reason });
      return {};
    },
    removeGroup: ({ group, reason }, asking) => {
      api.removeGroup(group, { ...asking, reason });
      return {};
    },
    shutdown: ({ reason }, asking) => {
      api.shutdown({ ...asking, reason });
      return {};
    },
    reload: ({ reason }, asking) => {
      api.reload({ ...asking, reason });
      return {};
    },
    upgrade: async ({ check, reason }, asking) => ({
      version: await api.upgrade({ check }, { ...asking, reason }),
    }),
    reopenLogs: ({ reason }, asking) => {
      api.reopenLogs({ ...asking, reason });
      return {};
    },
    testNotification: async ({ name, reason }, asking) => ({
      deliveries: [...(await api.testNotification(name, { ...asking, reason }))],
    }),
    watchEvents: ({ resumeToken }, { signal }) =>
      each(api.events(resumeToken || undefined, signal), watchedToWire),
  };
}

/** Clients from before there were members know of groups alone. */
async function* toldGroups(steps: AsyncIterable<UpdateStep>): AsyncGenerator<UpdateStep> {
  for await (const step of steps) if (!isMemberChange(step)) yield step;
}
