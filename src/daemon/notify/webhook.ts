/** A message as an HTTP POST. Redirects are not followed: what is posted is for the place that was configured. */
import type { IncomingMessage } from 'node:http';
import { trustedCertificates } from '../certificates.js';

/** From the first byte to the answer. */
const WHOLE_MS = 15_000;
const MOST_ANSWER = 4096;

/**
 * Posts a document as JSON; every answer of 200 to 299 is well.
 * @throws Error with what went wrong. A URL's path may be a secret: only its host is named
 */
export async function post(url: string, document: Readonly<Record<string, unknown>>): Promise<void> {
  const target = new URL(url);
  const { request } = await (target.protocol === 'https:' ? import('node:https') : import('node:http'));
  const body = JSON.stringify(document);
  const signal = AbortSignal.timeout(WHOLE_MS);
  const headers = {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    'User-Agent': 'supd',
  };
  const more = target.protocol === 'https:' ? trustedCertificates() : {};
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    request(target, { method: 'POST', headers, signal, agent: false, ...more }, resolve)
      .on('error', reject)
      .end(body);
  });
  try {
    const { status, text } = await readAnswer(await answer);
    if (status >= 200 && status < 300) return;
    const said = status < 400 ? 'redirects are not followed; give the URL it leads to' : firstLine(text);
    throw new Error(`HTTP ${status}${said === '' ? '' : `: ${said}`}`);
  } catch (error) {
    const why = signal.aborted ? `no answer within ${WHOLE_MS / 1000} s` : (error as Error).message;
    throw new Error(`${target.host}: ${why}`);
  }
}

async function readAnswer(answer: IncomingMessage): Promise<{ status: number; text: string }> {
  let text = '';
  for await (const piece of answer.setEncoding('utf8')) {
    text += piece;
    if (text.length > MOST_ANSWER) break;
  }
  answer.destroy();
  return { status: answer.statusCode ?? 0, text };
}

function firstLine(text: string): string {
  return (text.split('\n', 1)[0] ?? '').replace(/\p{Cc}/gu, ' ').slice(0, 200);
}
