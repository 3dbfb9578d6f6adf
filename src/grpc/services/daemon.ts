/** supd.v1.DaemonService on the api. */
import type { Api } from '../../api/api.js';
import { changeToWire, daemonToWire, watchedToWire } from '../convert/daemon.js';
import { holdToWire } from '../convert/processes.js';
import type { Handlers } from '../handlers.js';
import { each, eachWithHolds } from './each.js';

type DaemonMethods =
  | 'getDaemon'
  | 'rereadConfiguration'
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
    rereadConfiguration: (_request, asking) => {
      const { added, changed, removed, warnings } = api.reread(asking);
      return { added: [...added], changed: [...changed], removed: [...removed], warnings: [...warnings] };
    },
    updateGroups: ({ groups, reason, force, tellHolds }, asking) =>
      eachWithHolds(
        { asked: { ...asking, reason, force }, tellHolds },
        (asked) => api.update(groups, asked),
        changeToWire,
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
    reopenLogs: (_, asking) => {
      api.reopenLogs(asking);
      return {};
    },
    testNotification: async ({ name }, asking) => ({
      deliveries: [...(await api.testNotification(name, asking))],
    }),
    watchEvents: ({ resumeToken }, { signal }) =>
      each(api.events(resumeToken || undefined, signal), watchedToWire),
  };
}
