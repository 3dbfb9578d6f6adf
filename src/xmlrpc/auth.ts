/** HTTP Basic: one user per server, its password plain or as {SHA} and a hexadecimal SHA-1. RFC 7617. */
import { createHash, timingSafeEqual } from 'node:crypto';

/** Does this Authorization header open the door? */
export type Check = (header: string | undefined) => boolean;

/** undefined: there is no user name, and everybody may come in. */
export function makeCheck(username: string | undefined, password: string | undefined): Check | undefined {
  if (username === undefined || username === '') return undefined;
  const wanted = password ?? '';
  return (header) => {
    const given = readCredentials(header);
    if (!given) return false;
    const sent = wanted.startsWith('{SHA}') ? `{SHA}${sha1(given.password)}` : given.password;
    // Both, whatever the first one says: the time it takes tells nothing.
    const [userFits, passwordFits] = [isSame(given.username, username), isSame(sent, wanted)];
    return userFits && passwordFits;
  };
}

function readCredentials(
  header: string | undefined,
): { readonly username: string; readonly password: string } | undefined {
  const match = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(header ?? '');
  if (!match) return undefined;
  const text = Buffer.from(match[1] ?? '', 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** In a time that does not depend on where they differ, nor on how long they are. */
function isSame(one: string, other: string): boolean {
  return timingSafeEqual(sha256(one), sha256(other));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
