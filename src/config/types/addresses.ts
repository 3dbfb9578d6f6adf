/** Network addresses and URLs. */
import path from 'node:path';
import type { HaproxySpec } from '../../core/traffic.js';
import { quote } from '../problems.js';
import { readInteger } from '../whitespace.js';
import { accept, type Reader, refuse } from './read.js';

/** `host:port`, `:port`, `*:port` or a bare port, as `host:port` with an empty host for every address. */
export const readAddress: Reader<string> = (text) => {
  const colon = text.lastIndexOf(':');
  const host = colon < 0 ? '' : text.slice(0, colon).toLowerCase();
  const port = readInteger(text.slice(colon + 1));
  if (port === undefined) return refuse(`${quote(text)} has no port; right is host:port, :port or *:port`);
  if (port < 1 || port > 65_535) return refuse(`port ${port} does not exist; right is 1 to 65535`);
  return accept(`${host === '*' ? '' : host}:${port}`);
};

export type FcgiSocket =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

/** `unix:///absolute/path`, `tcp://host:port` or `tcp://[IPv6 address]:port`. */
export const readFcgiSocket: Reader<FcgiSocket> = (text) => {
  if (text.startsWith('unix://')) {
    const file = text.slice('unix://'.length);
    return file.startsWith('/')
      ? accept({ kind: 'unix', path: path.normalize(file) })
      : refuse(`${quote(file)} is not an absolute path; right is unix:///path`);
  }
  const [, six, four = '', digits = ''] =
    /^tcp:\/\/(?:\[([0-9a-fA-F:.]+)\]|([^\s:]+)):(\d+)\n?$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits !== '' && port >= 1 && port <= 65_535)
    return accept({ kind: 'tcp', host: (six ?? four).toLowerCase(), port });
  return refuse(`${quote(text)} is not a socket; right is unix:///path or tcp://host:port`);
};

/** `/path/admin.sock backend/server`. */
export const readHaproxy: Reader<HaproxySpec> = (text) => {
  const [, socket, backend, server] = /^(\/\S+)\s+([^\s/;]+)\/([^\s/;]+)$/.exec(text) ?? [];
  return socket !== undefined && backend !== undefined && server !== undefined
    ? accept({ socket, backend, server })
    : refuse(`${quote(text)} names no HAProxy server; right is /path/admin.sock backend/server`);
};

/** URLs of HTTP, separated by blanks or commas. */
export const readUrls: Reader<readonly string[]> = (text) => {
  const urls = text.split(/[\s,]+/).filter((one) => one !== '');
  const wrong = urls.find((one) => !/^https?:\/\/[^/]/i.test(one) || !URL.canParse(one));
  return wrong === undefined
    ? accept(urls)
    : refuse(
        `${quote(wrong)} is not a URL of HTTP; right is http://host:port/path, several with blanks between`,
      );
};

export const readUrl: Reader<string> = (text) =>
  /^[a-z][a-z0-9+.-]*:.+/i.test(text) ? accept(text) : refuse(`${quote(text)} is not a URL`);
