// Plays Varnish where it (or the gcc that it needs) isn't installed: keeps answers for 5 seconds, says HIT or MISS.
//   node cache.mjs 127.0.0.1:8000 127.0.0.1:8001
import http from 'node:http';
import { hostPort } from './frames.mjs';

const TTL_MS = 5000;
const MOST_PAGES = 1000;
const [address, balancer] = process.argv.slice(2);
const kept = new Map();

const server = http.createServer((request, response) => {
  const cacheable = request.method === 'GET' || request.method === 'HEAD';
  const key = `${request.method} ${request.url}`;
  const page = cacheable ? kept.get(key) : undefined;
  if (page && page.until > Date.now()) {
    log(request, 'HIT');
    const age = Math.floor((TTL_MS - (page.until - Date.now())) / 1000);
    response.writeHead(page.status, { ...page.headers, Age: age, 'X-Cache': 'HIT' });
    response.end(page.body);
    return;
  }
  kept.delete(key);
  log(request, cacheable ? 'MISS' : 'pass');
  fetch(request, response, (status, headers, body) => {
    if (!cacheable || status !== 200 || /no-store/.test(headers['cache-control'] ?? '')) return;
    if (kept.size >= MOST_PAGES) kept.delete(kept.keys().next().value); // the oldest
    kept.set(key, { status, headers, body, until: Date.now() + TTL_MS });
  });
});
server.listen(hostPort(address).port, hostPort(address).host, () => {
  process.stdout.write(`${new Date().toISOString()} [cache] listening on ${address}\n`);
});

/** Passes the request on and the answer back; `whole` gets an answer that arrived completely. */
function fetch(request, response, whole) {
  const { method, url, headers } = request;
  const onward = http.request({ ...hostPort(balancer), method, path: url, headers, agent: false });
  request.pipe(onward);
  onward.on('response', (answer) => {
    const parts = [];
    response.writeHead(answer.statusCode, { ...answer.headers, 'X-Cache': 'MISS' });
    answer.on('data', (part) => parts.push(part));
    answer.on('end', () => whole(answer.statusCode, answer.headers, Buffer.concat(parts)));
    answer.on('error', () => response.destroy());
    answer.pipe(response);
  });
  onward.on('error', (error) => {
    if (response.headersSent) return response.destroy();
    response.writeHead(503, { 'Retry-After': '1' });
    response.end(`The balancer does not answer: ${error.message}\n`);
  });
  response.on('close', () => onward.destroy());
}

function log(request, what) {
  process.stdout.write(`${new Date().toISOString()} [cache] ${what} ${request.method} ${request.url}\n`);
}
