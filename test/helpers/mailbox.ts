/** A mail server and an HTTP endpoint on loopback that keep what they are given. */
import { createServer as createHttpServer, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { Test } from 'tap';

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  /** Header and body, lines ended by \n. */
  readonly text: string;
  /** What was given as AUTH PLAIN: user and password. */
  readonly login?: readonly string[];
  /** It came by TLS. */
  readonly isSecure: boolean;
}

interface MailServer {
  /** Mails are refused with 451 until `takeMails` is called. */
  readonly isFull?: boolean;
  readonly withLogin?: boolean;
  /** TLS: from the first byte, or when it is asked for. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer; readonly from: 'first byte' | 'STARTTLS' };
}

/** Passwords that came without TLS are in `openLogins`. */
export async function openMailServer(t: Test, how: MailServer = {}) {
  const mails: Mail[] = [];
  const openLogins: string[] = [];
  let isFull = how.isFull ?? false;
  const server = createServer((socket) => {
    const secure = () => {
      const secureContext = createSecureContext(how.tls);
      const wrapped = new TLSSocket(socket, { isServer: true, secureContext });
      converse(wrapped, { ...how, mails, openLogins, refuses: () => isFull });
      return wrapped;
    };
    // A client that does not trust us hangs up.
    socket.on('error', () => {});
    if (how.tls?.from === 'first byte') secure().write('220 mail.test ESMTP\r\n');
    else {
      socket.write('220 mail.test ESMTP\r\n');
      converse(socket, { ...how, mails, openLogins, refuses: () => isFull, ...(how.tls && { secure }) });
    }
  });
  const takeMails = () => {
    isFull = false;
  };
  return { mails, openLogins, takeMails, port: await listen(t, server) };
}

interface Conversation extends MailServer {
  readonly mails: Mail[];
  readonly openLogins: string[];
  readonly refuses: () => boolean;
  /** Goes on by TLS. */
  readonly secure?: () => void;
}

function converse(socket: Socket, { withLogin, mails, openLogins, refuses, secure }: Conversation): void {
  const isSecure = socket instanceof TLSSocket;
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
      mails.push({ from, to, text: body.join('\n'), isSecure, ...(login === undefined ? {} : { login }) });
      body = undefined;
      say('250 taken');
      return;
    }
    const [, verb = '', argument = ''] = /^(\S+) ?(.*)$/.exec(line) ?? [];
    switch (verb.toUpperCase()) {
      case 'EHLO':
        say(
          ['250-here', ...(secure ? ['250-STARTTLS'] : []), withLogin ? '250 AUTH PLAIN' : '250 HELP'].join(
            '\r\n',
          ),
        );
        break;
      case 'STARTTLS':
        say(secure ? '220 go on' : '502 not here');
        if (secure) socket.removeAllListeners('data');
        secure?.();
        break;
      case 'AUTH':
        login = Buffer.from(argument.replace(/^PLAIN /, ''), 'base64')
          .toString()
          .split('\0')
          .slice(1);
        if (!isSecure) openLogins.push(login.join(' '));
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
