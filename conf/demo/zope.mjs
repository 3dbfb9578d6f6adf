// Plays one Zope instance behind waitress: shows and stores pages that live in ZEO.
//   node zope.mjs instance1 127.0.0.1:8081 127.0.0.1:8100
// Waits for ZEO, 30 s at most. TERM ends it at once; INT lets the running requests finish (5 s) and exits 0.
//   GET /path      the page            PUT /path, POST /path   stores it (POST: the form of the page itself)
//   GET /ok        health check        GET /_crash             exits 1
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { ask, hostPort, ruok } from './frames.mjs';

const [name, address, zeo] = process.argv.slice(2);
let busy = 0;

const server = http.createServer(async (request, response) => {
  busy += 1;
  try {
    const { status, headers, body } = await publish(request);
    response.writeHead(status, {
      'Content-Type': 'text/html; charset=utf-8',
      'X-Instance': name,
      ...headers,
    });
    response.end(body);
    if (request.url !== '/ok') log('INFO', `${request.method} ${request.url} ${status}`);
  } catch (error) {
    log('ERROR', `${request.method} ${request.url}: ${error.message}`);
    if (!response.headersSent) response.writeHead(503, { 'Cache-Control': 'no-store' });
    response.end('The database does not answer.');
  } finally {
    busy -= 1;
  }
});

await waitForZeo();
const { host, port } = hostPort(address);
server.listen(port, host, () => log('INFO', `Serving on http://${address}`));

process.on('SIGINT', async () => {
  server.close();
  server.closeIdleConnections();
  for (const end = Date.now() + 5000; busy > 0 && Date.now() < end; ) await pause(20);
  if (busy > 0) log('WARNING', `${busy} request(s) still running`);
  log('INFO', 'Exiting');
  process.exit(0);
});

async function waitForZeo() {
  for (const end = Date.now() + 30_000; ; await pause(200)) {
    try {
      await ruok(zeo);
      return;
    } catch (error) {
      if (Date.now() < end) continue;
      log('CRITICAL', `timed out waiting for ZEO: ${error.message}`);
      process.exit(1);
    }
  }
}

async function publish(request) {
  const path = decodeURIComponent(new URL(request.url, 'http://site').pathname);
  if (path === '/ok') return { status: 200, headers: { 'Cache-Control': 'no-store' }, body: 'OK' };
  if (path === '/_crash') {
    log('CRITICAL', 'crash asked for');
    process.exit(1);
  }
  if (request.method === 'PUT' || request.method === 'POST') {
    const text = await bodyOf(request);
    const body = request.method === 'PUT' ? text : (new URLSearchParams(text).get('body') ?? '');
    await ask(zeo, { op: 'put', path, body });
    const headers = { 'Cache-Control': 'no-store', Location: encodeURI(path) };
    return { status: request.method === 'PUT' ? 201 : 303, headers, body: `stored ${html(path)}\n` };
  }
  const body = await ask(zeo, { op: 'get', path });
  if (body === null && path !== '/')
    return { status: 404, headers: { 'Cache-Control': 'no-store' }, body: page(path) };
  return { status: 200, headers: { 'Cache-Control': 's-maxage=5' }, body: page(path, body, await links()) };
}

async function bodyOf(request) {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}

async function links() {
  const paths = await ask(zeo, { op: 'list' });
  return paths.map((path) => `<li><a href="${html(encodeURI(path))}">${html(path)}</a></li>`).join('');
}

function page(path, body, list = '') {
  return `<!doctype html><title>${html(path)}</title><h1>${html(path)}</h1>
<p>${html(body ?? 'Nothing is stored here yet.')}</p>
<form method="post"><textarea name="body" rows="3" cols="60">${html(body ?? '')}</textarea><button>Store</button></form>
<ul>${list}</ul>
<small>answered by ${name}, pid ${process.pid}, at ${new Date().toLocaleTimeString()}</small>
`;
}

function html(text) {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function log(level, text) {
  process.stderr.write(`${new Date().toISOString()} ${level} [${name}] ${text}\n`);
}
