/** All that a client may ask, put together. */
import type { Daemon } from '../daemon/daemon.js';
import type { Api } from './api.js';
import { makeControl } from './control.js';
import { makeGroups, type ReadConfiguration } from './groups.js';
import { historyOf } from './history.js';
import { makeInspect } from './inspect.js';
import { makeJobs } from './jobs.js';
import { makeLogs } from './logs.js';
import { makeNotifications } from './notifications.js';
import { makeReloads } from './reload.js';
import { makeRolling } from './rolling.js';

export function makeApi(daemon: Daemon, read: ReadConfiguration): Api {
  historyOf(daemon);
  return {
    ...makeInspect(daemon),
    ...makeControl(daemon),
    ...makeRolling(daemon),
    ...makeLogs(daemon),
    ...makeGroups(daemon, read),
    ...makeJobs(daemon),
    ...makeNotifications(daemon),
    ...makeReloads(daemon),
  };
}
