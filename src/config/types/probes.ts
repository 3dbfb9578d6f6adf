/** What tells that a program is ready or well, and what it waits for before its start. */
import type { Probe } from '../../core/probe.js';
import type { Dependency } from '../../core/program.js';
import { splitCommand } from '../../core/words.js';
import { didYouMean } from '../nearest.js';
import { quote } from '../problems.js';
import { strip } from '../whitespace.js';
import { accept, type Read, type Reader, refuse } from './read.js';

const RIGHT =
  'right are tcp://host:port, http://host:port/path, unix:///path, zeo://host:port, exec:command, log:/regex/, notify, delay';

/** `delay`: nothing but time. */
export const readProbe: Reader<Probe | { readonly kind: 'delay' }> = (text) => {
  if (text === 'delay' || text === 'notify') return accept({ kind: text });
  const [, scheme = '', rest = ''] = /^([a-z]+):(.*)$/s.exec(text) ?? [];
  switch (scheme) {
    case 'tcp':
    case 'zeo':
      return readEndpoint(scheme, rest, text);
    case 'http':
    case 'https':
      return readHttp(text);
    case 'unix':
      return rest.startsWith('///')
        ? accept({ kind: 'unix', path: rest.slice(2) })
        : refuse(`${quote(text)} has no absolute path; right is unix:///path`);
    case 'exec':
      return readExec(strip(rest), text);
    case 'log':
      return readPattern(rest, text);
    default:
      return refuse(`${quote(text)} is not a check; ${RIGHT}`);
  }
};

const CONDITIONS = ['started', 'ready', 'completed'] as const;

/** `zeoserver, migrate:completed`: names, each with what it has to be; ready where nothing is said. */
export const readDependencies: Reader<readonly Dependency[]> = (text) => {
  const found: Dependency[] = [];
  for (const member of text.split(',').map(strip)) {
    if (member === '') continue;
    const colon = member.lastIndexOf(':');
    const word = colon < 0 ? '' : strip(member.slice(colon + 1)).toLowerCase();
    const condition = CONDITIONS.find((known) => known === word);
    const on = condition === undefined ? member : strip(member.slice(0, colon));
    if (on === '') return refuse(`${quote(member)} names no program; right is name or name:${word}`);
    found.push({ on, condition: condition ?? 'ready' });
  }
  return accept(found);
};

/** What a condition that isn't one may have been meant to be: "; did you mean zeo:ready?" */
export function conditionHint(on: string, isThere: (name: string) => boolean): string {
  const colon = on.lastIndexOf(':');
  if (colon < 0) return '';
  const hint = didYouMean(on.slice(colon + 1), CONDITIONS);
  return hint === '' && !isThere(on.slice(0, colon))
    ? ''
    : `; its condition may be ${CONDITIONS.join(', ')}${hint}`;
}

function readEndpoint(kind: 'tcp' | 'zeo', rest: string, text: string): Read<Probe> {
  const [, six, four = '', digits = ''] =
    /^\/\/(?:\[([0-9a-fA-F:.]+)\]|([^\s:/]+)):(\d{1,5})$/.exec(rest) ?? [];
  const host = six ?? four;
  const port = Number(digits);
  if (host === '' || port < 1 || port > 65_535)
    return refuse(`${quote(text)} has no host and port; right is ${kind}://host:port`);
  return accept({ kind, host, port });
}

/** `URL [status=200] [body=text]`; the text of body goes to the end. */
function readHttp(text: string): Read<Probe> {
  const [, url = '', status, body] = /^(\S+)(?:\s+status=(\d{3}))?(?:\s+body=(\S.*?))?\s*$/s.exec(text) ?? [];
  const wrong = `${quote(text)} is not a check by HTTP; right is http://host:port/path, with status=200 or body=text behind`;
  try {
    const { username, password } = new URL(url);
    if (username !== '' || password !== '')
      return refuse('a check by HTTP sends no name and password; right is http://host:port/path');
  } catch {
    return refuse(wrong);
  }
  const wanted = { ...(status ? { status: Number(status) } : {}), ...(body ? { body } : {}) };
  return accept({ kind: 'http', url, ...wanted });
}

function readExec(command: string, text: string): Read<Probe> {
  const words = splitCommand(command);
  if (!words.ok) return refuse(`${quote(text)} is no command: ${words.why}`);
  return words.words.length > 0
    ? accept({ kind: 'exec', command })
    : refuse(`${quote(text)} has no command; right is exec:/path/to/command with its arguments`);
}

function readPattern(rest: string, text: string): Read<Probe> {
  const [, pattern, flags = ''] = /^\/(.+)\/([a-z]*)$/s.exec(rest) ?? [];
  if (pattern === undefined) return refuse(`${quote(text)} has no pattern; right is log:/regex/`);
  if (!/^[ims]*$/.test(flags)) return refuse(`${quote(text)} has flags other than i, m and s`);
  try {
    new RegExp(pattern, flags);
    return accept({ kind: 'log', pattern, flags });
  } catch (error) {
    return refuse(`${quote(text)}: ${(error as Error).message}`);
  }
}
