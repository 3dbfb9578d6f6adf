/** Mail by SMTP. nodemailer is loaded with the first mail. */
import { isIP } from 'node:net';
import type { MailSpec } from '../../core/notice.js';
import { trustedCertificates } from '../certificates.js';

const CONNECT_MS = 15_000;
const SILENCE_MS = 30_000;

/**
 * Sends one mail.
 * @throws Error with what the server or the network said
 */
export async function sendBySmtp(
  letter: {
    readonly from: string;
    readonly to: readonly string[];
    readonly subject: string;
    readonly text: string;
  },
  { host, port, tls, user, password }: NonNullable<MailSpec['smtp']>,
): Promise<void> {
  const { createTransport } = await import('nodemailer');
  const here = isHere(host);
  const auth = user === undefined || password === undefined ? {} : { auth: { user, pass: password } };
  const secret = user !== undefined;
  const transport = createTransport({
    host,
    port,
    secure: tls,
    ...auth,
    // A password goes over no open line, and only to who the certificate names. Without one, TLS that is not
    // verified is still better than none. On the way to the machine itself there is nobody to hide from.
    ignoreTLS: here && !tls,
    requireTLS: secret && !here && !tls,
    tls: { rejectUnauthorized: tls || secret, ...trustedCertificates() },
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: SILENCE_MS,
  });
  try {
    await transport.sendMail({
      from: letter.from,
      to: [...letter.to],
      subject: letter.subject,
      text: letter.text,
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
  } catch (error) {
    throw new Error(`${host}:${port}: ${(error as Error).message}`);
  } finally {
    transport.close();
  }
}

function isHere(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
