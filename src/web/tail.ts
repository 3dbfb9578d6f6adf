/** `/tail.html?processname=NAME[&limit=BYTES][&channel=stderr]`: the end of a log, without what steers a terminal. */
import type { Api, Channel, MemberView } from '../api/api.js';
import { SupdError } from '../api/errors.js';
import { AnsiFilter } from '../logs/ansi.js';
import { namespecOf } from '../xmlrpc/names.js';
import type { PageAnswer } from '../xmlrpc/pages.js';
import { type Html, html } from './html.js';
import { page } from './layout.js';
import { findNamed } from './names.js';

const LEAST_BYTES = 1024;
const MORE_BYTES = 65_536;
const MOST_BYTES = 1 << 18;

export function tailPage(api: Api, query: URLSearchParams): PageAnswer {
  const asked = query.get('processname') ?? '';
  const channel = query.get('channel') === 'stderr' ? 'stderr' : 'stdout';
  const limit = limitIn(query.get('limit'));
  const found = findNamed(api, asked);
  if (!found) {
    const body = html`<pre>${asked === '' ? 'No process name found' : `No such process named ${asked}`}</pre>
<nav><a href="./">All programs</a></nav>`;
    return page({ title: 'supd tail', body, status: 404 });
  }
  const name = namespecOf(found);
  const tail = tailOf(api, found, channel, limit);
  const body = html`${links(found, channel, limit)}
<pre>${tail}</pre>
${links(found, channel, limit)}`;
  return page({ title: `${name} ${channel}`, body });
}

/** Supervisord knows no upper bound. */
function limitIn(given: string | null): number {
  const bytes = /^\d{1,9}$/.test(given ?? '') ? Number(given) : LEAST_BYTES;
  return Math.min(MOST_BYTES, Math.max(LEAST_BYTES, bytes));
}

function links(process: MemberView, channel: Channel, limit: number): Html {
  const id = encodeURIComponent(process.id);
  const here = `tail.html?processname=${encodeURIComponent(namespecOf(process))}`;
  const other = channel === 'stdout' ? 'stderr' : 'stdout';
  return html`<nav><a href="${here}&amp;channel=${channel}&amp;limit=${limit}">Refresh</a>
<a href="${here}&amp;channel=${channel}&amp;limit=${MORE_BYTES}">More</a>
<a href="${here}&amp;channel=${other}">${other}</a>
<a href="logtail/${id}/${channel}">Tail -f</a>
<a href="./">All programs</a></nav>`;
}

function tailOf(api: Api, process: MemberView, channel: Channel, limit: number): string {
  const file = api.logFile(process.id, channel);
  if (!file || (file.modified === undefined && !file.isAuto)) return `No file for ${namespecOf(process)}`;
  try {
    const { content } = api.readLog(process.id, channel, -limit, 0, limit);
    return textOf(content);
  } catch (error) {
    if (!(error instanceof SupdError)) throw error;
    return error.message;
  }
}

/** A character whose begin was cut off is left out. */
function textOf(content: Uint8Array): string {
  let begin = 0;
  while (begin < 3 && ((content[begin] ?? 0) & 0xc0) === 0x80) begin += 1;
  return new AnsiFilter()
    .filter(Buffer.from(content.subarray(begin)))
    .toString('utf8')
    .replace(/\r\n/g, '\n');
}
