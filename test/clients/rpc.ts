/** XML-RPC as far as a scenario needs it to wait and to act; what is compared goes through the real clients. */
import http from 'node:http';

/** Of getProcessInfo; a refusal is a `statename` too. */
export async function ask(socketPath: string, name: string) {
  const text = await post(socketPath, call('supervisor.getProcessInfo', [name]));
  const member = (key: string) =>
    new RegExp(`<name>${key}</name>\\s*<value>(?:<\\w+>)?([^<]*)`).exec(text)?.[1];
  return { statename: member('faultString') ?? member('statename') ?? text, pid: Number(member('pid') ?? 0) };
}

/** Calls a method with strings and booleans, for its effect. */
export async function callFor(socketPath: string, method: string, params: readonly (string | boolean)[]) {
  const text = await post(socketPath, call(method, params));
  if (text.includes('<fault>')) throw new Error(`${method}(${params.join(', ')}): ${text}`);
}

/** Does anybody answer in HTTP? */
export async function isServing(socketPath: string): Promise<boolean> {
  return (await post(socketPath, call('supervisor.getState', []))) !== '';
}

function call(method: string, params: readonly (string | boolean)[]): string {
  const values = params.map((value) =>
    typeof value === 'string'
      ? `<param><value><string>${value}</string></value></param>`
      : `<param><value><boolean>${value ? 1 : 0}</boolean></value></param>`,
  );
  return `<?xml version="1.0"?><methodCall><methodName>${method}</methodName><params>${values.join('')}</params></methodCall>`;
}

function post(socketPath: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'text/xml', 'Content-Length': Buffer.byteLength(body) };
    const request = http.request({ socketPath, path: '/RPC2', method: 'POST', headers, agent: false });
    request.on('error', reject).on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      response.on('end', () => resolve(text)).on('error', reject);
    });
    request.end(body);
  });
}
