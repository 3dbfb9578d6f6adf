/** Whether those who are to be told can be told. */
import type { Daemon } from '../daemon/daemon.js';
import type { Api } from './api.js';
import { SupdError } from './errors.js';
import { tellAsked } from './told.js';

export function makeNotifications(daemon: Daemon): Pick<Api, 'testNotification'> {
  return {
    async testNotification(section, asked) {
      const tried = daemon.watch.notifier.test(section);
      if (tried === undefined) {
        const known = daemon.config.notify.map(({ name }) => name).join(', ') || 'none';
        const message = `there is no section [notify:${section}]; there is ${known}`;
        throw new SupdError('BAD_NAME', message, { field: 'name' });
      }
      tellAsked(daemon, 'notify test', [section], asked);
      return (await tried).map(({ channel, failure = '' }) => ({ channel, failure }));
    },
  };
}
