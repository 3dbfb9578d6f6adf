/** Python's xmlrpc.client on a real supd, and a URL that is followed. */
import { spawn } from 'node:child_process';
import http from 'node:http';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import { until } from '../helpers/until.js';

export interface PythonAnswer {
  readonly value?: unknown;
  /** The same with the names of Python's types instead of values. */
  readonly shape?: unknown;
  readonly fault?: readonly [code: number, text: string];
  /** HTTP's, when it is not 200. */
  readonly status?: number;
}

export type Call = (method: string, ...params: unknown[]) => Promise<PythonAnswer>;

/** One client with one connection, until the end of the test. */
export function startPython(t: Test, url: string): Call {
  const client = path.resolve(import.meta.dirname, '../../../test/fixtures/python-client');
  const child = spawn('python3', [client, url], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.teardown(() => void child.stdin.end());
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return async (method, ...params) => {
    child.stdin.write(`${JSON.stringify({ method, params })}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error(`the client ended in ${method}`);
    return JSON.parse(value) as PythonAnswer;
  };
}

export interface Followed {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** Waits for it in what has come. */
  says(text: string): Promise<string>;
}

/** Follows a path of a socket until the end of the test. */
export function follow(t: Test, socketPath: string, url: string): Promise<Followed> {
  return new Promise((resolve, reject) => {
    const request = http.get({ socketPath, path: url }, (response) => {
      let came = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        came += piece;
      });
      response.on('error', () => undefined);
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        says: (text) => until(`"${text}" to come`, () => came.includes(text) && came),
      });
    });
    request.once('error', reject);
    t.teardown(() => void request.destroy());
  });
}
