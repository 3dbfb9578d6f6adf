/** Who looks at the pages, in the bytes that a browser would send. */
import net from 'node:net';
import { exchange } from '../xmlrpc/serve.js';

export interface Answer {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export type Headers = Readonly<Record<string, string>>;

export interface Visitor {
  readonly get: (path: string, headers?: Headers) => Promise<Answer>;
  /** Sends a form to the page of all programs. */
  readonly post: (fields: Headers, headers?: Headers, path?: string) => Promise<Answer>;
  /** What a page that is asked for now carries. */
  readonly token: () => Promise<string>;
  /** Asks for the page, presses the button, and goes where it leads. @returns the message there */
  readonly press: (action: string, more?: Headers) => Promise<string>;
}

/** What Firefox sends with each request. */
export const FIREFOX = {
  'User-Agent': 'Mozilla/5.0 (X11) Firefox/140.0',
  'Accept-Language': 'en-US,en;q=0.5',
};

/** @param login  "user:password" */
export function visit(to: net.NetConnectOpts, login?: string): Visitor {
  const host = 'port' in to ? `127.0.0.1:${to.port}` : 'localhost';
  const always: Headers = {
    Host: host,
    Connection: 'close',
    ...(login === undefined ? {} : { Authorization: `Basic ${Buffer.from(login).toString('base64')}` }),
  };
  const ask = async (line: string, headers: Headers, body = ''): Promise<Answer> => {
    const lines = Object.entries({ ...always, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    return read(await exchange(net.connect(to), [`${line} HTTP/1.1\r\n${lines.join('')}\r\n${body}`]));
  };
  const get: Visitor['get'] = (path, headers = {}) => ask(`GET ${path}`, headers);
  const post: Visitor['post'] = (fields, headers = {}, path = '/') => {
    const body = String(new URLSearchParams(fields));
    const type = 'application/x-www-form-urlencoded';
    return ask(
      `POST ${path}`,
      { 'Content-Type': type, 'Content-Length': `${body.length}`, ...headers },
      body,
    );
  };
  const token = async () => /name="token" value="([^"]+)"/.exec((await get('/')).body)?.[1] ?? '';
  return {
    get,
    post,
    token,
    press: async (action, more = {}) => {
      const { status, headers, body } = await post({ action, token: await token(), ...more });
      if (status !== 303) throw new Error(`${status}: ${body}`);
      return toldIn((await get(new URL(headers.get('location') ?? '', 'http://x/').href.slice(8))).body);
    },
  };
}

/** The message of a page, as it is read; '' if it has none. */
export function toldIn(body: string): string {
  const [, text = ''] = /role="status">([^<]*)</.exec(body) ?? [];
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&amp;', '&');
}

function read(answer: string): Answer {
  const end = answer.indexOf('\r\n\r\n');
  const [line = '', ...lines] = answer.slice(0, end).split('\r\n');
  const headers = lines.map((one): [string, string] => {
    const colon = one.indexOf(':');
    return [one.slice(0, colon).toLowerCase(), one.slice(colon + 1).trim()];
  });
  return { status: Number(line.split(' ')[1]), headers: new Map(headers), body: answer.slice(end + 4) };
}
