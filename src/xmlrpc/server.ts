/** One HTTP server: who may come in, what a request may cost, and which part of supd answers it. */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type net from 'node:net';
import type { Api, Asked, Caller } from '../api/api.js';
import { Answers } from './answers.js';
import type { Check } from './auth.js';
import { readBody } from './body.js';
import { type KnowsHost, refusedToBrowsers, refusedToForms } from './browsers.js';
import { decodeCall } from './codec/decode.js';
import { encodeFault, encodeResponse } from './codec/encode.js';
import { type MethodCall, NotXmlRpc } from './codec/value.js';
import { type Asking, type Bounds, Connections } from './connections.js';
import { RpcFault } from './faults.js';
import { findLog, sendLog } from './logtail.js';
import type { Method } from './method.js';
import { METRICS_TYPE, metricsOf } from './metrics.js';
import { answerPage } from './pagecall.js';
import { type Pages, pageNamed } from './pages.js';
import { reasonIn } from './reason.js';
import { Room } from './room.js';
import { callMethod } from './table.js';
import type { Turns } from './turns.js';

export interface HttpLog {
  debug(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export interface HttpOptions {
  readonly api: Api;
  readonly methods: ReadonlyMap<string, Method>;
  readonly strict: boolean;
  /** undefined: everybody may come in. */
  readonly check: Check | undefined;
  /** Names of ours: by which a browser may read here and change by a page, unless a password is asked for. */
  readonly knowsHost: KnowsHost;
  /** A browser may read by whatever name: no page can have one for this door. */
  readonly isNameless: boolean;
  /** Which door this is and whose, for what is signed for those who come in here. */
  readonly door: string;
  /** undefined: there are no pages. */
  readonly openPages: (() => Promise<Pages>) | undefined;
  readonly callerOf: (socket: net.Socket) => Caller;
  /** Both those of all doors. */
  readonly turns: Turns;
  readonly answersRoom: Room;
  readonly log: HttpLog;
  readonly limits?: Partial<HttpLimits>;
}

export interface HttpLimits extends Bounds {
  /** From the first byte, or the connection, to the end of the header. */
  readonly headerMs: number;
  /** To the end of the body. */
  readonly requestMs: number;
  readonly bodyBytes: number;
  /** Of all large bodies together, while their requests last. */
  readonly bodiesBytes: number;
  /** How long a client may leave unread what it has asked for. */
  readonly unreadMs: number;
}

const LIMITS: HttpLimits = {
  connections: 128,
  pending: 16,
  headerMs: 10_000,
  requestMs: 60_000,
  bodyBytes: 1 << 20,
  bodiesBytes: 16 << 20,
  unreadMs: 60_000,
};

/** One request, and what its answer is made with. */
export interface Exchange {
  readonly options: HttpOptions;
  readonly limits: HttpLimits;
  readonly answers: Answers;
  readonly room: Room;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly asking: Asking;
  readonly asked: Asked & { readonly signal: AbortSignal };
}

/** What serves the connections of one door. */
export interface HttpFront {
  /** A server that does not listen yet; all of them share connections and bounds. */
  makeServer(): http.Server;
  /** Lets running requests end for so long. */
  close(graceMs: number): Promise<void>;
}

export function makeFront(options: HttpOptions): HttpFront {
  const limits = { ...LIMITS, ...options.limits };
  const connections = new Connections(limits);
  const answers = new Answers(limits.unreadMs);
  const ending = new AbortController();
  const room = new Room(limits.bodiesBytes);

  const take = (request: IncomingMessage, response: ServerResponse): void => {
    const asking = connections.begin(request.socket);
    if (!asking) return;
    const leaving = new AbortController();
    const leave = () => leaving.abort();
    ending.signal.addEventListener('abort', leave);
    asking.whenOver(() => {
      ending.signal.removeEventListener('abort', leave);
      leave();
    });
    response.once('close', () => asking.end());
    const reason = reasonIn(request.headers);
    const caller = options.callerOf(request.socket);
    const asked = { caller, signal: leaving.signal, ...(reason === undefined ? {} : { reason }) };
    answer({ options, limits, answers, room, request, response, asking, asked }).catch((error) => {
      if (!leaving.signal.aborted)
        options.log.error(`defect in supd: ${(error as Error)?.stack ?? String(error)}`);
      answers.refuse(response, 500);
    });
  };

  return {
    makeServer() {
      const server = http.createServer(
        {
          headersTimeout: limits.headerMs,
          requestTimeout: limits.requestMs,
          connectionsCheckingInterval: Math.max(50, limits.headerMs / 4),
          // supervisorctl holds its connection while its user thinks, and does not ask twice.
          keepAliveTimeout: 0,
          // Over TCP the kernel asks now and then whether anybody is still there.
          keepAlive: true,
          keepAliveInitialDelay: limits.unreadMs,
          requireHostHeader: false,
        },
        take,
      );
      server.on('connection', (socket: net.Socket) => connections.add(socket));
      return server;
    },
    async close(graceMs) {
      ending.abort();
      await connections.close(graceMs);
    },
  };
}

async function answer(exchange: Exchange): Promise<void> {
  const { options, answers, request, response, asked, asking } = exchange;
  const path = pathOf(request.url ?? '');
  const page = options.openPages && pageNamed(path);
  const refused = refusal(options, request, page !== undefined);
  if (refused !== undefined) {
    options.log.debug(`${asked.caller.door}: a request of a browser was refused: ${refused}`);
    return answers.refuse(response, 403, {}, refused);
  }
  if (options.check && !options.check(request.headers.authorization)) {
    options.log.debug(`${asked.caller.door}: a request without the right user name and password`);
    return answers.refuse(response, 401, { 'WWW-Authenticate': 'Basic realm="default"' });
  }
  if (path === undefined) return answers.refuse(response, 400);
  if (page !== undefined && options.openPages) return answerPage(exchange, page, options.openPages);
  if (path.startsWith('/RPC2')) return answerCall(exchange);
  if (path === '/metrics' && request.method === 'GET' && !options.strict) {
    asking.stage = 'running';
    await options.turns.take();
    if (asking.isOver) return;
    asking.stage = 'leaving';
    return answers.send(response, METRICS_TYPE, metricsOf(options.api), asking);
  }
  if (path.startsWith('/logtail') || path.startsWith('/mainlogtail')) {
    if (request.method !== 'GET') return answers.refuse(response, 400);
    const log = findLog(options.api, path);
    asking.stage = 'leaving';
    if (log && (await sendLog(options.api, log, answers, response, asked.signal))) return;
  }
  answers.refuse(response, request.method === 'GET' || request.method === 'HEAD' ? 404 : 400);
}

/** Why whoever acts for a browser is refused; undefined: he is not. */
function refusal(
  { check, knowsHost, isNameless }: HttpOptions,
  request: IncomingMessage,
  isPage: boolean,
): string | undefined {
  // A page from elsewhere has no password.
  if (isPage && request.method === 'POST') return refusedToForms(request, check ? undefined : knowsHost);
  return refusedToBrowsers(request, check || isNameless ? undefined : knowsHost);
}

async function answerCall(exchange: Exchange): Promise<void> {
  const { options, limits, answers, room, request, response, asking, asked } = exchange;
  if (request.method !== 'POST') return answers.refuse(response, 400);
  const body = await readBody(request, limits.bodyBytes, room, asking);
  if (!body) return;
  if ('status' in body) return answers.refuse(response, body.status);
  asking.stage = 'running';
  await options.turns.take();
  if (asking.isOver) return;
  const text = body.read();
  const call = text === undefined ? undefined : readCall(text, options.log, asked.caller.door);
  if (!call) return answers.refuse(response, 400);
  const xml = await resultOf(options, asked, call);
  asking.stage = 'leaving';
  if (!asking.isOver) answers.send(response, 'text/xml', xml, asking);
}

function readCall(text: string, log: HttpLog, door: string): MethodCall | undefined {
  try {
    return decodeCall(text);
  } catch (error) {
    if (!(error instanceof NotXmlRpc)) throw error;
    // Not the text itself, which may hold a secret.
    log.debug(`${door}: a request that is no XML-RPC`);
    return undefined;
  }
}

async function resultOf(options: HttpOptions, asked: Asked, { method, params }: MethodCall): Promise<string> {
  try {
    return encodeResponse(await callMethod(options, asked, method, params));
  } catch (error) {
    if (error instanceof RpcFault) return encodeFault(error);
    throw error;
  }
}

/** The path without query, percent signs resolved; undefined when it is none. */
function pathOf(url: string): string | undefined {
  try {
    return decodeURIComponent(url.replace(/^[a-z]+:\/\/[^/]*/i, '').replace(/[?#].*$/s, ''));
  } catch {
    return undefined;
  }
}
