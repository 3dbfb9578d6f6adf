/** Which daemon supctl talks to: found when it is first needed, opened when it is first asked. */
import type { Client } from '../grpc/client.js';
import { type Answering, type Attempt, firstThatAnswers } from './answering.js';
import { addressOfUrl, type Credentials, shownUrl } from './url.js';

export interface Target {
  readonly url: () => string;
  readonly client: () => Client;
  /** From now on another one. */
  readonly open: (url: string) => void;
  /** From now on with these, whatever the URL or the configuration says. */
  readonly authenticate: (credentials: Credentials) => void;
  /** Has `open` been used? */
  readonly opened: () => boolean;
  readonly close: () => void;
}

/** How a daemon is asked. */
export interface Connect {
  readonly grpc: (socket: string) => Client;
  readonly xmlrpc: (place: Place, credentials: Credentials | undefined) => Promise<Client>;
}

export type Place =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

/**
 * @param find  the URLs, the likeliest first, found once: may read a configuration and throw
 * @param credentials  those of the command line or the configuration, asked for when XML-RPC is spoken
 */
export function openTarget(
  find: () => readonly string[],
  connect: Connect,
  credentials: () => Credentials | undefined,
): Target {
  let urls: readonly string[] | undefined;
  let answering: Answering | undefined;
  let typed: Credentials | undefined;
  let opened = false;
  const close = () => {
    answering?.client.close();
    answering = undefined;
  };
  const urlsOf = () => {
    urls ??= find();
    return urls;
  };
  return {
    url: () => answering?.url() ?? shownUrl(urlsOf()[0] ?? ''),
    client: () => {
      answering ??= firstThatAnswers(
        urlsOf().flatMap((url) => attemptsAt(url, connect, () => typed ?? credentials())),
      );
      return answering.client;
    },
    open: (next) => {
      close();
      urls = [next];
      opened = true;
    },
    authenticate: (next) => {
      close();
      typed = next;
    },
    opened: () => opened,
    close,
  };
}

/** @throws Error for a URL that leads nowhere, which has been refused before */
function attemptsAt(
  url: string,
  connect: Connect,
  credentials: () => Credentials | undefined,
): readonly Attempt[] {
  const address = addressOfUrl(url);
  if (!address.ok) throw new Error(address.message);
  const shown = shownUrl(url);
  if (address.kind === 'tcp') {
    const own = address.credentials;
    return [{ url: shown, open: () => connect.xmlrpc(address, own ?? credentials()) }];
  }
  const { path } = address;
  return [
    { url: shown, open: () => connect.grpc(path) },
    { url: shown, open: () => connect.xmlrpc({ kind: 'unix', path }, credentials()) },
  ];
}
