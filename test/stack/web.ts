/** The site as its editors and visitors reach it. */
import http from 'node:http';
import https from 'node:https';
import type { Site } from './site.js';

export interface Page {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

type Sent = Pick<http.RequestOptions, 'method' | 'headers'> & { readonly body?: string };

/** A visitor's GET: https to Apache, whose certificate is verified. */
export function visit(site: Site, certificate: string, page: string): Promise<Page> {
  const options = { host: '127.0.0.1', port: site.ports.https, path: page, servername: 'ssl.devagile' };
  const headers = { Host: 'ssl.devagile' };
  return exchange(https.request({ ...options, ca: certificate, headers, agent: false, timeout: 20_000 }));
}

/** A request straight to one of the loopback ports, as the site's manager. */
export function ask(
  site: Site,
  port: number,
  page: string,
  { body, method, headers }: Sent = {},
): Promise<Page> {
  const options = {
    host: '127.0.0.1',
    port,
    path: page,
    auth: site.credentials,
    agent: false,
    timeout: 20_000,
  };
  return exchange(http.request({ ...options, method: method ?? 'GET', headers: headers ?? {} }), body);
}

/** Makes the folder kb, the site that Apache publishes. */
export async function makeKb(site: Site, port: number): Promise<void> {
  await form(site, port, '/manage_addProduct/OFSP/manage_addFolder', { id: 'kb', title: 'KB' });
}

/** Writes a page of kb through the instance on `port`. */
export async function writePage(site: Site, port: number, id: string, html: string): Promise<void> {
  const headers = { 'Content-Type': 'text/html' };
  const { status } = await ask(site, port, `/kb/${id}`, { method: 'PUT', body: html, headers });
  if (status !== 201 && status !== 204) throw new Error(`PUT of ${id}: status ${status}`);
}

/** Deletes a page of kb. */
export async function deletePage(site: Site, port: number, id: string): Promise<void> {
  await form(site, port, '/kb/manage_delObjects', { 'ids:list': id });
}

async function form(site: Site, port: number, page: string, fields: Record<string, string>): Promise<void> {
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const body = new URLSearchParams(fields).toString();
  const { status } = await ask(site, port, page, { method: 'POST', body, headers });
  if (status >= 400) throw new Error(`POST to ${page}: status ${status}`);
}

function exchange(request: http.ClientRequest, body?: string): Promise<Page> {
  return new Promise((resolve, reject) => {
    request.once('timeout', () => request.destroy(new Error('no answer within 20 s')));
    request.once('error', reject);
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).once('error', reject);
      response.once('end', () => {
        const { statusCode = 0, headers } = response;
        resolve({ status: statusCode, headers, body: Buffer.concat(chunks).toString() });
      });
    });
    request.end(body);
  });
}
