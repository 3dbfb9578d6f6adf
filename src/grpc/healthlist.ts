/**
 * What grpc.health.v1.Health/List answers, read by hand: the generated code of gRPC's own protocols would cost each start
 * of supctl more than the call takes.
 * @see https://github.com/grpc/grpc-proto/blob/master/grpc/health/v1/health.proto
 */
import type { ServiceHealth } from '../api/answers.js';
import { bytesOf, fieldsOf, numberOf, textOf } from './fields.js';

export const HEALTH_LIST = '/grpc.health.v1.Health/List';

const STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;
/** `map<string, HealthCheckResponse> statuses = 1`, each with `status = 1`. */
const [ENTRIES, KEY, VALUE, STATUS] = [1, 1, 2, 1];

/** In the order of their names, the daemon ("") first. */
export function readHealthList(answer: Uint8Array): readonly ServiceHealth[] {
  return bytesOf(fieldsOf(answer), ENTRIES)
    .map(fieldsOf)
    .map((entry) => {
      const [value = new Uint8Array()] = bytesOf(entry, VALUE);
      const status = STATUSES[numberOf(fieldsOf(value), STATUS)] ?? 'UNKNOWN';
      return { service: textOf(entry, KEY), status };
    })
    .sort((a, b) => (a.service < b.service ? -1 : 1));
}
