import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { type Test, test } from 'tap';
import type { Watched } from '../../src/api/api.js';
import type { Codec } from '../../src/grpc/methods.js';
import { healthV1, reflectionV1 } from '../../src/grpc/standard.js';
import { fakeApi, instance1, zeo } from './fake-api.js';
import { serve } from './serve.js';

// The usual client of gRPC, as others use it: not the one that supctl has.
function usualClient(t: Test, socketPath: string): Client {
  const client = new Client(`unix:${socketPath}`, credentials.createInsecure());
  t.teardown(() => client.close());
  return client;
}

const { ServingStatus } = healthV1.HealthCheckResponse;
const CHECK = '/grpc.health.v1.Health/Check';
const LIST = '/grpc.health.v1.Health/List';
const WATCH = '/grpc.health.v1.Health/Watch';

function ask<Given, Answer>(
  client: Client,
  method: string,
  codec: Codec<Given, unknown>,
  request: Given,
  answer: Codec<never, Answer>,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      method,
      (message: Given) => codec.encode(message).finish() as Buffer,
      (bytes: Buffer) => answer.decode(bytes),
      request,
      (error: ServiceError | null, value?: Answer) => (value ? resolve(value) : reject(error)),
    );
  });
}

const check = async (client: Client, service: string) =>
  (await ask(client, CHECK, healthV1.HealthCheckRequest, { service }, healthV1.HealthCheckResponse)).status;

test('health tells the daemon, a program and a group', async (t) => {
  const { socketPath } = await serve(t);
  const client = usualClient(t, socketPath);
  t.equal(await check(client, ''), ServingStatus.SERVING);
  t.equal(await check(client, 'instance1'), ServingStatus.SERVING);
  t.equal(await check(client, 'instances'), ServingStatus.SERVING);
  t.equal(await check(client, 'instances:instance1'), ServingStatus.SERVING);
  t.equal(await check(client, 'zeo'), ServingStatus.NOT_SERVING);
  await t.rejects(check(client, 'instance*'), { code: status.NOT_FOUND });
});

test('a group serves when each of its processes is ready, and a daemon that ends does not', async (t) => {
  const other = { ...instance1, name: 'instance2', ready: false };
  const api = fakeApi({ processes: () => ({ processes: [instance1, other], unknown: [] }) });
  const ending = fakeApi({ daemon: () => ({ ...fakeApi().daemon(), state: 'SHUTDOWN' }) });
  const client = usualClient(t, (await serve(t, { api })).socketPath);
  t.equal(await check(client, 'instances'), ServingStatus.NOT_SERVING);
  t.equal(await check(client, 'instance1'), ServingStatus.SERVING);
  t.equal(
    await check(usualClient(t, (await serve(t, { api: ending })).socketPath), ''),
    ServingStatus.NOT_SERVING,
  );
});

test('health lists all services', async (t) => {
  const { socketPath } = await serve(t);
  const client = usualClient(t, socketPath);
  const list = await ask(client, LIST, healthV1.HealthListRequest, {}, healthV1.HealthListResponse);
  t.strictSame(
    Object.entries(list.statuses).map(([name, one]) => [name, one.status]),
    [
      ['', ServingStatus.SERVING],
      ['instances:instance1', ServingStatus.SERVING],
      ['zeo', ServingStatus.NOT_SERVING],
    ],
  );
});

test('a watcher sees changes only, and an unknown service when it comes', async (t) => {
  let processes = [{ ...zeo, ready: false }];
  const happen: ((watched: Watched) => void)[] = [];
  const api = fakeApi({
    processes: () => ({ processes, unknown: [] }),
    events: async function* (_token, signal) {
      while (!signal.aborted) yield await new Promise<Watched>((resolve) => happen.push(resolve));
    },
  });
  const { socketPath } = await serve(t, { api });
  const client = usualClient(t, socketPath);
  const watch = (service: string) => {
    const call = client.makeServerStreamRequest(
      WATCH,
      (message: { service: string }) => healthV1.HealthCheckRequest.encode(message).finish() as Buffer,
      (bytes: Buffer) => healthV1.HealthCheckResponse.decode(bytes).status,
      { service },
    );
    call.on('error', () => undefined);
    t.teardown(() => call.cancel());
    const values = call[Symbol.asyncIterator]();
    return async () => (await values.next()).value;
  };
  const zeoWatch = watch('zeo');
  t.equal(await zeoWatch(), ServingStatus.NOT_SERVING);
  const lateWatch = watch('late');
  t.equal(await lateWatch(), ServingStatus.SERVICE_UNKNOWN);
  const event = async () => {
    while (happen.length < 2) await new Promise(setImmediate);
    for (const tell of happen.splice(0)) tell({ kind: 'gap', missed: 1 });
  };
  await event();
  processes = [{ ...zeo, ready: true }];
  await event();
  t.equal(await zeoWatch(), ServingStatus.SERVING);
  processes = [zeo, { ...zeo, name: 'late', group: 'late', ready: true }];
  await event();
  t.equal(await zeoWatch(), ServingStatus.NOT_SERVING);
  t.equal(await lateWatch(), ServingStatus.SERVING);
});

for (const edition of ['v1', 'v1alpha'])
  test(`reflection ${edition} gives services, and files by name and by symbol`, async (t) => {
    const { socketPath } = await serve(t);
    const call = usualClient(t, socketPath).makeBidiStreamRequest(
      `/grpc.reflection.${edition}.ServerReflection/ServerReflectionInfo`,
      (message: Parameters<typeof reflectionV1.ServerReflectionRequest.encode>[0]) =>
        reflectionV1.ServerReflectionRequest.encode(message).finish() as Buffer,
      (bytes: Buffer) => reflectionV1.ServerReflectionResponse.decode(bytes),
    );
    const answers = call[Symbol.asyncIterator]();
    const ask = async (question: Parameters<typeof reflectionV1.ServerReflectionRequest.encode>[0]) => {
      call.write(question);
      return (await answers.next()).value;
    };
    t.strictSame(
      (await ask({ listServices: '*' })).listServicesResponse.service.map(
        ({ name }: { name: string }) => name,
      ),
      [
        'grpc.health.v1.Health',
        'grpc.reflection.v1.ServerReflection',
        'grpc.reflection.v1alpha.ServerReflection',
        'supd.v1.DaemonService',
        'supd.v1.JobService',
        'supd.v1.ProcessService',
      ],
    );
    const files = async (question: object): Promise<string[]> => {
      const answer = await ask(question);
      // A FileDescriptorProto begins with its name: tag, length, text.
      return answer.fileDescriptorResponse.fileDescriptorProto.map((bytes: Buffer) =>
        bytes.subarray(2, 2 + (bytes[1] ?? 0)).toString(),
      );
    };
    const job = ['supd/v1/job.proto', 'google/protobuf/timestamp.proto'];
    t.strictSame(await files({ fileByFilename: 'supd/v1/job.proto' }), job);
    for (const fileContainingSymbol of [
      'supd.v1.JobService',
      'supd.v1.JobService.RunJob',
      'supd.v1.JobRun',
      'supd.v1.JobRun.id',
      'supd.v1.Outcome',
    ])
      t.strictSame(await files({ fileContainingSymbol }), job, fileContainingSymbol);
    t.strictSame(await files({ fileContainingSymbol: 'grpc.health.v1.HealthCheckResponse.ServingStatus' }), [
      'grpc/health/v1/health.proto',
    ]);
    // What a client needs to show the details of a refusal.
    for (const fileContainingSymbol of ['google.rpc.ErrorInfo', 'google.rpc.BadRequest'])
      t.strictSame(await files({ fileContainingSymbol }), ['google/rpc/error_details.proto']);
    t.strictSame(await files({ fileContainingSymbol: 'google.rpc.Status' }), [
      'google/rpc/status.proto',
      'google/protobuf/any.proto',
    ]);
    const nobody = await ask({ fileContainingSymbol: 'supd.v1.Nobody' });
    t.equal(nobody.errorResponse.errorCode, status.NOT_FOUND);
    t.strictSame(nobody.originalRequest.fileContainingSymbol, 'supd.v1.Nobody');
    call.end();
    t.equal((await answers.next()).done, true);
  });
