/** Which daemon supctl talks to: found when it is first needed, opened when it is first asked. */
import type { Client } from '../grpc/client.js';
import { socketOfUrl } from './url.js';

export interface Target {
  readonly url: () => string;
  readonly client: () => Client;
  /** From now on another one. */
  readonly open: (url: string) => void;
  /** Has `open` been used? */
  readonly opened: () => boolean;
  readonly close: () => void;
}

/**
 * @param find  the URL, found once: may read a configuration and throw
 * @param connect  a client of the socket at a path
 */
export function openTarget(find: () => string, connect: (socket: string) => Client): Target {
  let url: string | undefined;
  let client: Client | undefined;
  let opened = false;
  const close = () => {
    client?.close();
    client = undefined;
  };
  const urlOf = () => {
    url ??= find();
    return url;
  };
  return {
    url: urlOf,
    client: () => {
      if (client) return client;
      const address = socketOfUrl(urlOf());
      if (!address.ok) throw new Error(address.message);
      client = connect(address.socket);
      return client;
    },
    open: (next) => {
      close();
      url = next;
      opened = true;
    },
    opened: () => opened,
    close,
  };
}
