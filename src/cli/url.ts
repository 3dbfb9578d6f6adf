/** Which addresses supctl can talk to. */

type Address =
  | { readonly ok: true; readonly socket: string }
  | { readonly ok: false; readonly message: string };

/** The socket of `unix:///path`; for any other URL why not. */
export function socketOfUrl(url: string): Address {
  if (url.startsWith('unix://')) {
    const socket = url.slice('unix://'.length);
    if (socket.startsWith('/')) return { ok: true, socket };
    return { ok: false, message: `${url}: the path must be absolute, as in unix:///run/supd/supd.sock` };
  }
  if (/^https?:\/\//.test(url)) {
    return {
      ok: false,
      message: `${url}: http is not served by this version yet; use the gRPC socket (unix:///path)`,
    };
  }
  return { ok: false, message: 'url must be http:// or unix://' };
}
