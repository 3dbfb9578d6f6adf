/**
 * Proofs that a text came from this supd, for one bearer, not long ago: HMACs with a secret that is as old as the daemon and
 * never leaves it. They are the tokens of forms, and what keeps a link from putting words into a page's mouth.
 * @see RFC 2104; OWASP, Cross-Site Request Forgery Prevention, "HMAC based token pattern"
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** A page that was open for longer is loaded again before anything is done by it. */
const VALID_MINUTES = 240;

export interface Seals {
  /** For `bearer`, that `text` is ours. Letters, digits, and the signs that a URL takes as they are. */
  readonly seal: (bearer: string, text: string) => string;
  readonly isSealed: (bearer: string, text: string, seal: string | null) => boolean;
}

/** @param nowMs  a clock that is never set */
export function makeSeals(nowMs: () => number): Seals {
  const secret = randomBytes(32);
  const minuteNow = () => Math.floor(nowMs() / 60_000);
  const mac = (bearer: string, text: string, minute: number) =>
    createHmac('sha256', secret)
      .update(JSON.stringify([bearer, text, minute]))
      .digest();
  return {
    seal: (bearer, text) => {
      const minute = minuteNow();
      return `${minute.toString(36)}.${mac(bearer, text, minute).toString('base64url')}`;
    },
    isSealed: (bearer, text, seal) => {
      const [, stamp = '', sent = ''] = /^([0-9a-z]{1,8})\.([\w-]{43})$/.exec(seal ?? '') ?? [];
      const minute = Number.parseInt(stamp || '0', 36);
      const given = Buffer.from(sent, 'base64url');
      const wanted = mac(bearer, text, minute);
      const age = minuteNow() - minute;
      return (
        given.length === wanted.length && timingSafeEqual(given, wanted) && age >= 0 && age < VALID_MINUTES
      );
    },
  };
}
