// Plays HAProxy where it isn't installed: the instance with the fewest requests, in turn when equal; health checks;
// a refused connection goes to the next one.
//   node balancer.mjs 127.0.0.1:8001 127.0.0.1:8081 127.0.0.1:8082
import http from 'node:http';
import { hostPort } from './frames.mjs';

const [address, ...others] = process.argv.slice(2);
const servers = others.map((name) => ({ name, ...hostPort(name), up: false, running: 0, chosen: 0 }));
let turn = 0;

for (const server of servers) check(server);

http
  .createServer((request, response) => forward(request, response, new Set()))
  .listen(hostPort(address).port, hostPort(address).host, () => log(`listening on ${address}`));

/** Once a second, for ever. */
function check(server) {
  const request = http.get({ ...hostPort(server.name), path: '/ok', agent: false, timeout: 5000 });
  request.on('timeout', () => request.destroy(new Error('no answer')));
  request.on('error', (error) => mark(server, false, error.message));
  request.on('response', (response) => {
    response.resume();
    mark(server, response.statusCode === 200, `status ${response.statusCode}`);
  });
  request.on('close', () => setTimeout(check, server.up ? 1000 : 250, server));
}

function mark(server, up, why) {
  if (server.up !== up) log(`${server.name} is ${up ? 'UP' : 'DOWN'}: ${why}`);
  server.up = up;
}

function choose(tried) {
  const usable = servers.filter((server) => server.up && !tried.has(server));
  return usable.sort((a, b) => a.running - b.running || a.chosen - b.chosen)[0];
}

function forward(request, response, tried) {
  const server = choose(tried);
  if (!server) {
    response.writeHead(503, { 'Retry-After': '1', 'Cache-Control': 'no-store' });
    response.end('No instance answers.\n');
    return;
  }
  tried.add(server);
  turn += 1;
  server.chosen = turn;
  server.running += 1;
  const { method, url, headers } = request;
  const onward = http.request({
    host: server.host,
    port: server.port,
    method,
    path: url,
    headers,
    agent: false,
  });
  // The body is read only when somebody takes it: until then another instance may be asked.
  const bodiless = method === 'GET' || method === 'HEAD';
  let connected = false;
  onward.on('socket', (socket) =>
    socket.once('connect', () => {
      connected = true;
      request.pipe(onward);
    }),
  );
  onward.on('response', (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
    answer.on('error', () => response.destroy());
  });
  onward.on('error', (error) => {
    if (!connected) mark(server, false, error.message);
    if (response.headersSent) response.destroy();
    else if (!connected || bodiless) forward(request, response, tried);
    else {
      response.writeHead(502, { 'Cache-Control': 'no-store' });
      response.end('The instance broke off.\n');
    }
  });
  onward.on('close', () => {
    server.running -= 1;
  });
  response.on('close', () => onward.destroy());
}

function log(text) {
  process.stdout.write(`${new Date().toISOString()} [balancer] ${text}\n`);
}
