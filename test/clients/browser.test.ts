/** A real browser on supd's page: it shows, its buttons work, nothing of it breaks its own rules, and no other page gets in. */
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import type net from 'node:net';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import tap, { type Test, test } from 'tap';
import { freePort } from '../helpers/free-port.js';
import { program, section } from '../helpers/place.js';
import { findChromium, requireStack } from '../helpers/require.js';
import { type Supd, startSupd } from '../helpers/start-supd.js';

tap.setTimeout(180_000);

interface Site {
  readonly supd: Supd;
  readonly port: number;
  readonly context: BrowserContext;
  /** What a browser complained of, breaches of the Content-Security-Policy first of all. */
  readonly complaints: string[];
  readonly open: () => Promise<Page>;
}

const HOSTILE = 'says "\\033[31m</pre><script>alert(1)</script><img src=x onerror=alert(2)>\\033[0m\\n" go';

async function site(t: Test): Promise<Site> {
  const port = await freePort();
  const supd = await startSupd(
    t,
    section('inet_http_server', { port: `127.0.0.1:${port}`, username: 'admin', password: 'secret' }) +
      program('a', 'waits') +
      program('hostile', HOSTILE, { autorestart: false }) +
      section('group:g', { programs: 'a' }),
  );
  await supd.state('g:a', 'RUNNING');
  const browser = await chromium.launch({ executablePath: findChromium() ?? '', args: ['--no-sandbox'] });
  t.teardown(() => browser.close());
  const context = await browser.newContext({ httpCredentials: { username: 'admin', password: 'secret' } });
  const complaints: string[] = [];
  const note = (what: string) => void complaints.push(what);
  const open = async () => {
    const page = await context.newPage();
    page.on('console', (message) => note(`console: ${message.text()}`));
    page.on('pageerror', (error) => note(`error: ${error.message}`));
    page.on('dialog', (dialog) => note(`dialog: ${dialog.message()}`));
    page.on('requestfailed', (request) => note(`failed: ${request.url()}`));
    return page;
  };
  return { supd, port, context, complaints, open };
}

/** A web server of the test's own. @returns its port */
async function answering(t: Test, answer: http.RequestListener): Promise<number> {
  const server = http.createServer(answer).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => server.close());
  return (server.address() as net.AddressInfo).port;
}

function row(page: Page, name: string) {
  return page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) });
}

test('in a browser Restart restarts, and the page keeps to its own Content-Security-Policy', async (t) => {
  if (!requireStack(t, ['chromium'])) return;
  const { supd, port, complaints, open } = await site(t);
  const { pid } = await supd.state('g:a', 'RUNNING');
  const page = await open();
  await page.goto(`http://127.0.0.1:${port}/`);
  const weight = await page.evaluate("getComputedStyle(document.querySelector('.good')).fontWeight");
  t.equal(weight, '600', 'its style is in force');
  await page.getByLabel('Reason').fill('a look');
  await row(page, 'g:a').getByRole('button', { name: 'Restart' }).click();
  t.equal(await page.getByRole('status').textContent(), 'Process g:a restarted');
  const after = await supd.state('g:a', 'RUNNING');
  t.not(after.pid, pid);
  await supd.logs(`restart g:a asked for by admin from 127.0.0.1 at 127.0.0.1:${port} (page): a look\n`);
  await page.reload();
  t.equal((await supd.state('g:a', 'RUNNING')).pid, after.pid, 'a reload does nothing again');
  await row(page, 'g:a').getByRole('button', { name: 'Stop' }).click();
  t.equal(await page.getByRole('status').textContent(), 'Process g:a stopped');
  await row(page, 'g:a').getByRole('button', { name: 'Start' }).click();
  t.equal(await page.getByRole('status').textContent(), 'Process g:a started');
  // Enter in the field presses the first button, which has to be a harmless one.
  await page.getByLabel('Reason').press('Enter');
  t.match(await page.getByRole('status').textContent(), /^Page refreshed at /);
  writeFileSync(`${supd.dir}/go`, '');
  await supd.logs(/exited: hostile/);
  await page.getByRole('link', { name: 'hostile', exact: true }).click();
  t.equal(
    await page.locator('pre').textContent(),
    '</pre><script>alert(1)</script><img src=x onerror=alert(2)>\n',
  );
  t.same(complaints, []);
});

test('below a prefix of a proxy links, forms and what they lead to stay there', async (t) => {
  if (!requireStack(t, ['chromium'])) return;
  const { supd, port, complaints, open } = await site(t);
  const proxy = await answering(t, (request, response) => {
    const { url = '', method, headers } = request;
    if (!url.startsWith('/below/')) return void response.writeHead(404).end();
    const on = http.request(
      { host: '127.0.0.1', port, method, headers, path: url.slice('/below'.length) },
      (answer) => {
        response.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(response);
      },
    );
    request.pipe(on);
  });
  const page = await open();
  await page.goto(`http://127.0.0.1:${proxy}/below/`);
  await row(page, 'g:a').getByRole('button', { name: 'Stop' }).click();
  t.equal(await page.getByRole('status').textContent(), 'Process g:a stopped');
  await supd.state('g:a', 'STOPPED');
  await page.getByRole('link', { name: 'g:a', exact: true }).click();
  await page.getByRole('link', { name: 'All programs' }).first().click();
  t.equal(page.url(), `http://127.0.0.1:${proxy}/below/`);
  t.same(complaints, []);
});

test('a page from elsewhere changes nothing by the browser of somebody who has come in, and can’t frame the page', async (t) => {
  if (!requireStack(t, ['chromium'])) return;
  const { supd, port, open } = await site(t);
  const { pid } = await supd.state('g:a', 'RUNNING');
  const page = await open();
  const own = `http://127.0.0.1:${port}/`;
  await page.goto(own);
  // Even if it knew a token.
  const token = await page.locator('input[name=token]').inputValue();
  const evil = await answering(t, (_, response) => {
    response.setHeader('Content-Type', 'text/html').end(
      `<form method="post" action="${own}"><input name="token" value="${token}"><input name="action" value="stop g:a">
      <button>press</button></form><iframe src="${own}"></iframe>`,
    );
  });
  // Another name is another site, as far as browsers know.
  await page.goto(`http://localhost:${evil}/`);
  t.equal(await page.frames()[1]?.locator('button').count(), 0, 'nothing of it in a frame');
  const fetched = await page.evaluate(
    `fetch('${own}', { credentials: 'include' }).then(() => 'read', () => 'refused')`,
  );
  t.equal(fetched, 'refused');
  const answered = page.waitForResponse((response) => response.request().method() === 'POST');
  await page.getByRole('button', { name: 'press' }).click();
  t.equal((await answered).status(), 403);
  t.match(await page.textContent('body'), /a page from elsewhere may change nothing here/);
  t.match(await supd.state('g:a', 'RUNNING'), { pid });
  t.notMatch(supd.read('supd.log'), 'asked for');
});
