/** Probes by HTTP: one GET on a connection of its own, without following where it is sent to. */
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { Probe } from '../../core/probe.js';
import { type Attempt, type Attempted, describeError } from './connect.js';

type HttpProbe = Extract<Probe, { kind: 'http' }>;

/** Where `body` is looked for; pages are larger than what a check looks for. */
const MOST_BYTES = 1 << 20;

/** The modules are loaded by the first probe that needs them. */
export async function probeHttp(probe: HttpProbe, attempt: Attempt): Promise<Attempted> {
  const { request } = probe.url.startsWith('https:') ? await import('node:https') : await import('node:http');
  // A name and a date in a certificate say nothing of whether the program is well.
  const options = { agent: false, headers: { 'user-agent': 'supd' }, rejectUnauthorized: false };
  return get(probe, attempt, (answered) => request(probe.url, options as RequestOptions, answered));
}

function get(
  probe: HttpProbe,
  { timeoutMs, signal }: Attempt,
  request: (answered: (response: IncomingMessage) => void) => ClientRequest,
): Promise<Attempted> {
  return new Promise((resolve) => {
    const done = (outcome: Attempted) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      asked.destroy();
      resolve(outcome);
    };
    const asked = request((response) => {
      const wrong = wrongStatus(probe, response.statusCode ?? 0);
      if (wrong) return done({ ok: false, why: wrong });
      if (probe.body === undefined) return done({ ok: true });
      look(response, probe.body, done);
    });
    const timer = setTimeout(
      () => done({ ok: false, why: `no answer within ${timeoutMs / 1000} s`, isLate: true }),
      timeoutMs,
    );
    const abort = () => done({ ok: false, why: 'cancelled' });
    signal.addEventListener('abort', abort, { once: true });
    asked.on('error', (error) => done({ ok: false, why: describeError(error) }));
    asked.end();
  });
}

function wrongStatus({ status }: HttpProbe, got: number): string | undefined {
  const isRight = status === undefined ? got >= 200 && got < 400 : got === status;
  return isRight ? undefined : `status ${got} instead of ${status ?? '200 to 399'}`;
}

function look(response: IncomingMessage, text: string, done: (outcome: Attempted) => void): void {
  const wanted = Buffer.from(text);
  let seen = Buffer.alloc(0);
  response.on('data', (bytes: Buffer) => {
    seen = Buffer.concat([seen, bytes]);
    if (seen.includes(wanted)) done({ ok: true });
    else if (seen.length > MOST_BYTES) response.destroy();
  });
  const missing = () => done({ ok: false, why: `the answer does not say ${JSON.stringify(text)}` });
  response.once('close', missing);
}
