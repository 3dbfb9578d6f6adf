/**
 * The pages that people look at, and the changes that they make by them. Nothing is changed by GET, and by POST only with the
 * token that a page of ours carries. Server-rendered: no script, nothing from elsewhere.
 */
import { performance } from 'node:perf_hooks';
import type { Api } from '../api/api.js';
import type { PageAnswer, PageRequest, Pages } from '../xmlrpc/pages.js';
import { change } from './changes.js';
import { html } from './html.js';
import { page, redirect } from './layout.js';
import { makeSeals } from './seals.js';
import { statusPage } from './status.js';
import { tailPage } from './tail.js';
import { localTime } from './times.js';

interface PagesOptions {
  /** A clock that is never set. */
  readonly nowMs?: () => number;
  /** How long an answer waits for what was asked for. */
  readonly patienceMs?: number;
}

const MAY_CHANGE = 'change';
const PATIENCE_MS = 10_000;
/** Of a message, which travels in a URL. */
const TOLD_MAX_CHARS = 1000;

export function makePages(
  api: Api,
  { nowMs = () => performance.now(), patienceMs = PATIENCE_MS }: PagesOptions = {},
): Pages {
  const seals = makeSeals(nowMs);

  const show = async ({ query, bearer }: PageRequest): Promise<PageAnswer> => {
    const token = seals.seal(bearer, MAY_CHANGE);
    const action = query.get('action') || 'none';
    if (action === 'refresh') return statusPage(api, { token, message: refreshed() });
    if (action !== 'none') {
      // As supervisord's links, and those of whoever knows them.
      const message = `Nothing was done: a link changes nothing here. Press the button.`;
      return statusPage(api, { token, message, status: 405, headers: { Allow: 'POST' } });
    }
    const message = query.get('message') ?? '';
    const isOurs = message !== '' && seals.isSealed(bearer, `told ${message}`, query.get('seal'));
    return statusPage(api, { token, message: isOurs ? message : undefined });
  };

  const act = async ({ form, asked, bearer }: PageRequest & { readonly form: URLSearchParams }) => {
    const action = form.get('action') ?? '';
    const told = (whole: string) => {
      const message = whole.slice(0, TOLD_MAX_CHARS);
      const query = new URLSearchParams({ message, seal: seals.seal(bearer, `told ${message}`) });
      return redirect(`./?${query}`);
    };
    // A page that is too old for anything else can still be refreshed.
    if (action === 'refresh') return told(refreshed());
    if (!seals.isSealed(bearer, MAY_CHANGE, form.get('token'))) return refusal();
    const reason = form.get('reason')?.trim().slice(0, 500);
    const by = { ...asked, caller: { ...asked.caller, door: `${asked.caller.door} (page)` } };
    return told(await change(api, action, reason ? { ...by, reason } : by, patienceMs));
  };

  return async (request) => {
    const { name, form } = request;
    if (name === '/tail.html' || name === '/ok.html') {
      if (form) return notHere();
      return name === '/ok.html' ? ok() : tailPage(api, request.query);
    }
    return form ? act({ ...request, form }) : show(request);
  };
}

function refreshed(): string {
  return `Page refreshed at ${localTime(Date.now())}`;
}

/** Of a form that has no token, an old one, or somebody else's. */
function refusal(): PageAnswer {
  const message =
    'Nothing was done: the page that asked is too old, from before supd was started, or not one of ours. ' +
    'Reload the page and press the button again.';
  return page({
    title: 'supd',
    message,
    body: html`<nav><a href="./">Reload the page</a></nav>`,
    status: 403,
  });
}

function notHere(): PageAnswer {
  const body = html`<nav><a href="./">All programs</a></nav>`;
  return page({
    title: 'supd',
    message: 'Nothing can be changed here.',
    body,
    status: 405,
    headers: { Allow: 'GET, HEAD' },
  });
}

function ok(): PageAnswer {
  return { status: 200, type: 'text/plain', text: 'OK', headers: { 'Cache-Control': 'no-store' } };
}
