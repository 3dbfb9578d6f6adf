/** A server of a fake Api in a directory of its own, closed at the end of the test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Test } from 'tap';
import { type Client, connect } from '../../src/grpc/client.js';
import { type GrpcOptions, type GrpcServer, serveGrpc } from '../../src/grpc/server.js';
import { type FakeApi, fakeApi } from './fake-api.js';

export interface Served {
  readonly api: FakeApi;
  readonly directory: string;
  readonly socketPath: string;
  readonly client: Client;
  readonly server: GrpcServer;
  /** What was logged. */
  readonly lines: string[];
}

/** A directory of the test's own. */
export function ownDirectory(t: Test): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'supd-grpc-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Serves and connects. */
export async function serve(
  t: Test,
  options: Partial<GrpcOptions> & { api?: FakeApi } = {},
): Promise<Served> {
  const directory = ownDirectory(t);
  const socketPath = path.join(directory, 'supd.sock');
  const api = options.api ?? fakeApi();
  const lines: string[] = [];
  const log = {
    warn: (text: string) => void lines.push(text),
    error: (text: string) => void lines.push(text),
  };
  const server = await serveGrpc({ socketPath, mode: 0o700, log, ...options, api });
  const client = connect(socketPath);
  t.teardown(async () => {
    client.close();
    await server.close(0);
  });
  return { api, directory, socketPath, client, server, lines };
}

/** All values of a stream. */
export async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const value of values) found.push(value);
  return found;
}

/** Resolves once the test's condition holds; looks every few milliseconds. */
export async function eventually(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
