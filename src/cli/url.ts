/** Which addresses supctl can talk to: supervisorctl's. */

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export type Address =
  /** gRPC of supd, or HTTP: that shows when it is asked. */
  | { readonly ok: true; readonly kind: 'unix'; readonly path: string }
  /** XML-RPC. `credentials`: those that stand in the URL itself. */
  | {
      readonly ok: true;
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      readonly credentials?: Credentials;
    }
  | { readonly ok: false; readonly message: string };

/** What `unix:///path` or `http://user:password@host:port` leads to; for any other URL why not. */
export function addressOfUrl(url: string): Address {
  if (url.startsWith('unix://') && url.length > 'unix://'.length) {
    return { ok: true, kind: 'unix', path: url.slice('unix://'.length) };
  }
  if (!url.startsWith('http://') || !URL.canParse(url)) {
    return { ok: false, message: 'url must be http:// or unix://' };
  }
  const { hostname, port, username, password } = new URL(url);
  return {
    ok: true,
    kind: 'tcp',
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? 80 : Number(port),
    ...(username === ''
      ? {}
      : { credentials: { username: decodeURIComponent(username), password: decodeURIComponent(password) } }),
  };
}

/** The URL as it may be shown: no password in it. */
export function shownUrl(url: string): string {
  return url.replace(/^(http:\/\/)[^/@]*@/, '$1');
}
