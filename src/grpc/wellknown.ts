/** gRPC's own services beside the contract's: health and reflection. Their code is loaded by the first question. */
import type { Server, ServerDuplexStream } from '@grpc/grpc-js';
import type { Api } from '../api/api.js';
import { type Calls, drained } from './calls.js';
import { statusOf } from './status.js';

/** Makes the server answer grpc_health_probe, load balancers and grpcurl. */
export function registerWellKnown(server: Server, calls: Calls, api: Api): void {
  const health = () => import('./health.js');
  const path = '/grpc.health.v1.Health';
  const check = calls.unary(async (request: Buffer) => (await health()).checkHealth(api, request));
  server.register(`${path}/Check`, check, asItIs, asItIs, 'unary');
  const list = calls.unary(async () => (await health()).listHealth(api));
  server.register(`${path}/List`, list, asItIs, asItIs, 'unary');
  const watch = calls.stream(async function* (request: Buffer, asking) {
    yield* (await health()).watchHealth(api, request, asking);
  });
  server.register(`${path}/Watch`, watch, asItIs, asItIs, 'serverStream');
  for (const edition of ['v1', 'v1alpha']) {
    const info = `/grpc.reflection.${edition}.ServerReflection/ServerReflectionInfo`;
    server.register(info, answerQuestions, asItIs, asItIs, 'bidi');
  }
}

/** The codecs come with the code: what passes here is bytes. */
function asItIs(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

async function answerQuestions(call: ServerDuplexStream<Buffer, Uint8Array>): Promise<void> {
  const left = new AbortController();
  call.once('cancelled', () => left.abort());
  try {
    const { reflect } = await import('./reflection.js');
    // Its own end would take the answering half with it.
    const questions: AsyncIterable<Buffer> = call.iterator({ destroyOnReturn: false });
    for await (const question of questions)
      if (!call.write(reflect(question))) await drained(call, left.signal);
    call.end();
  } catch (error) {
    // Also when the client has left, where it has no effect.
    call.emit('error', statusOf(error));
  }
}
