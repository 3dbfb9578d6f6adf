/**
 * What a browser may ask for. It acts for whatever page it shows, with its user's address and password: a page from
 * elsewhere, or one whose name was pointed at this machine (DNS rebinding). Browsers send Origin with all but plain reading,
 * Sec-Fetch-Site to hosts they trust, and Accept-Language always; no page can keep these back, and clients of XML-RPC send
 * none of them. Fetch standard, section 3.2; W3C Fetch Metadata; RFC 6454.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

/** Is this host, without its port, a name of ours? */
export type KnowsHost = (host: string) => boolean;

export interface Sent {
  readonly method?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/**
 * Why this request is refused; undefined: it is not, whoever sent it.
 * @param knowsHost  undefined: no name is asked for, since a password is, or since no page can have a name for the door
 */
export function refusedToBrowsers({ method, headers }: Sent, knowsHost?: KnowsHost): string | undefined {
  const { host, origin, 'sec-fetch-mode': mode, 'sec-fetch-site': site } = headers;
  if (method !== 'GET' && method !== 'HEAD') {
    if (origin !== undefined || site !== undefined || isForm(headers))
      return 'a browser may change nothing here: use supctl, any client of XML-RPC, or the buttons of the page at /';
  } else if (origin !== undefined && !isOwn(origin, host)) {
    return 'a page from elsewhere may read nothing here';
  } else if (site !== undefined && site !== 'same-origin' && site !== 'none' && mode !== 'navigate') {
    return 'a page from elsewhere may read nothing here';
  }
  return refusedName(headers, knowsHost);
}

/**
 * Why this form of a page of ours is refused; undefined: it is one of ours as far as a browser tells, which is no proof.
 * @param knowsHost  undefined: no name is asked for, since a password is
 */
export function refusedToForms({ headers }: Sent, knowsHost?: KnowsHost): string | undefined {
  const { host, origin, 'sec-fetch-site': site } = headers;
  if (site !== undefined && site !== 'same-origin') return 'a page from elsewhere may change nothing here';
  if (origin !== undefined && !isOwn(origin, host))
    return 'a page from elsewhere may change nothing here (Origin is not Host: a proxy in between has to pass Host on)';
  return refusedName(headers, knowsHost);
}

function refusedName(headers: IncomingHttpHeaders, knowsHost?: KnowsHost): string | undefined {
  if (!knowsHost || !looksLikeBrowser(headers) || knowsHost(nameIn(headers.host ?? ''))) return undefined;
  return (
    'without a password a browser may come by an address or this machine\u2019s own name alone, not by the name it ' +
    'used: any name can be pointed here; set username and password, or use the address'
  );
}

/** Addresses, localhost, and these names: what nobody else can make a page's name. */
export function hostsOf(names: readonly string[]): KnowsHost {
  const known = new Set(names.map((name) => name.toLowerCase()));
  return (host) => isIP(host) !== 0 || host === 'localhost' || host.endsWith('.localhost') || known.has(host);
}

/** What a page sends without asking first, by a browser of before Origin. */
function isForm(headers: IncomingHttpHeaders): boolean {
  const type = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  return FORMS.includes(type) && looksLikeBrowser(headers);
}

const FORMS = ['text/plain', 'multipart/form-data', 'application/x-www-form-urlencoded'];

function looksLikeBrowser(headers: IncomingHttpHeaders): boolean {
  return (
    headers.origin !== undefined ||
    headers['sec-fetch-site'] !== undefined ||
    headers['accept-language'] !== undefined ||
    /^mozilla\//i.test(headers['user-agent'] ?? '')
  );
}

/** "https://name:8443" and "name:8443": a proxy in between may have taken off TLS. */
function isOwn(origin: string, host: string | undefined): boolean {
  return /^https?:\/\/(.+)$/i.exec(origin)?.[1]?.toLowerCase() === host?.toLowerCase();
}

/** "name:80" -> "name", "[::1]:80" -> "::1", in lower case, without the dot of the root. */
function nameIn(host: string): string {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(host) ?? [];
  return (bracketed ?? plain ?? '').toLowerCase().replace(/\.$/, '');
}
