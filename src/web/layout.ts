/** What all pages share: the frame around each, and the headers that keep everything from elsewhere out. */
import { hostname } from 'node:os';
import type { PageAnswer } from '../xmlrpc/pages.js';
import { type Html, html } from './html.js';
import { STYLE, STYLE_SOURCE } from './style.js';

/**
 * No script at all, one style, forms that lead back here, and no frame around it. The referrer stays within: without any,
 * a browser would send no Origin with a form either.
 */
const GUARDS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    `default-src 'none'; style-src ${STYLE_SOURCE}; img-src data:; form-action 'self'; base-uri 'none'; ` +
    "frame-ancestors 'none'",
  'X-Frame-Options': 'DENY',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

interface Page {
  readonly title: string;
  /** What was done, or why not. */
  readonly message?: string | undefined;
  readonly body: Html;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export function page({ title, message, body, status = 200, headers = {} }: Page): PageAnswer {
  const whole = html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title} - ${hostname()}</title>
<link rel="icon" href="data:,">
<style>${{ html: STYLE }}</style>
</head>
<body>
<h1>${title} <span class="dim">on ${hostname()}</span></h1>
${message === undefined ? undefined : html`<p class="told" role="status">${message}</p>`}
${body}
</body>
</html>
`;
  return { status, type: 'text/html;charset=utf-8', text: whole.html, headers: { ...GUARDS, ...headers } };
}

/** To a page of ours, with GET, whatever brought the browser here. @param where  relative, so that any prefix stays */
export function redirect(where: string): PageAnswer {
  const headers = { ...GUARDS, Location: where };
  return { status: 303, type: 'text/plain;charset=utf-8', text: `See ${where}\n`, headers };
}
