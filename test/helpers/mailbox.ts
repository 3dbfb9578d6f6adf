/** A mail server and an HTTP endpoint on loopback that keep what they are given. */
import { createServer as createHttpServer, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Test } from 'tap';

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  /** Header and body, lines ended by \n. */
  readonly text: string;
  /** What was given as AUTH PLAIN: user and password. */
  readonly login?: readonly string[];
}

/** @param refusals  how many mails are refused with 451 before one is taken */
export async function openMailServer(t: Test, { refusals = 0, withLogin = false } = {}) {
  const mails: Mail[] = [];
  let left = refusals;
  const server = createServer((socket) => converse(socket, withLogin, mails, () => left-- > 0));
  return { mails, port: await listen(t, server) };
}

function converse(socket: Socket, withLogin: boolean, mails: Mail[], refuses: () => boolean): void {
  let from = '';
  let to: string[] = [];
  let login: readonly string[] | undefined;
  let body: string[] | undefined;
  let rest = '';
  const say = (line: string) => socket.write(`${line}\r\n`);
  const take = (line: string): void => {
    if (body !== undefined) {
      if (line !== '.') {
        body.push(line.replace(/^\./, ''));
        return;
      }
      mails.push({ from, to, text: body.join('\n'), ...(login === undefined ? {} : { login }) });
      body = undefined;
      say('250 taken');
      return;
    }
    const [, verb = '', argument = ''] = /^(\S+) ?(.*)$/.exec(line) ?? [];
    switch (verb.toUpperCase()) {
      case 'EHLO':
        socket.write(withLogin ? '250-here\r\n250 AUTH PLAIN\r\n' : '250 here\r\n');
        break;
      case 'AUTH':
        login = Buffer.from(argument.replace(/^PLAIN /, ''), 'base64')
          .toString()
          .split('\0')
          .slice(1);
        say('235 come in');
        break;
      case 'MAIL':
        [, from = ''] = /<(.*?)>/.exec(argument) ?? [];
        to = [];
        say(refuses() ? '451 try again later' : '250 ok');
        break;
      case 'RCPT':
        to = [...to, /<(.*?)>/.exec(argument)?.[1] ?? ''];
        say('250 ok');
        break;
      case 'DATA':
        body = [];
        say('354 go on');
        break;
      case 'QUIT':
        say('221 bye');
        socket.end();
        break;
      default:
        say('250 ok');
    }
  };
  say('220 mail.test ESMTP');
  socket.setEncoding('latin1').on('error', () => {});
  socket.on('data', (piece: string) => {
    rest += piece;
    for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 2);
      take(line);
    }
  });
}

export interface Posted {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readonly<Record<string, unknown>>;
}

/** @param statuses  of the first answers; then 204 */
export async function openHook(t: Test, statuses: readonly number[] = [], location = '/elsewhere') {
  const posted: Posted[] = [];
  const left = [...statuses];
  const server = createHttpServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    request.on('end', () => {
      posted.push({ path: request.url ?? '', headers: request.headers, body: JSON.parse(text) });
      const status = left.shift() ?? 204;
      response.writeHead(status, status >= 300 && status < 400 ? { location } : {}).end();
    });
  });
  return { posted, port: await listen(t, server) };
}

function listen(t: Test, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
