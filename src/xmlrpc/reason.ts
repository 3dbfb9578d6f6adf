/**
 * Why a change is asked for: a header of our own, since XML-RPC has no place for it and supervisord ignores it. The text
 * is percent-encoded UTF-8, as headers hold ASCII alone.
 */
import type { IncomingHttpHeaders } from 'node:http';

const HEADER = 'X-Supd-Reason';
/** Longer ones are cut in the log. */
const MOST_CHARACTERS = 500;

export function reasonHeader(reason: string | undefined): Readonly<Record<string, string>> {
  if (!reason) return {};
  // By way of bytes: half a character, such as the cut may leave, can't be encoded.
  return { [HEADER]: encodeURIComponent(Buffer.from(reason.slice(0, MOST_CHARACTERS)).toString('utf8')) };
}

/** undefined: none was given. What is no such text is taken as it came. */
export function reasonIn(headers: IncomingHttpHeaders): string | undefined {
  const given = headers[HEADER.toLowerCase()];
  if (typeof given !== 'string' || given === '') return undefined;
  try {
    return decodeURIComponent(given);
  } catch {
    return given;
  }
}
