/**
 * grpc.health.v1: "" is the daemon; the name of a program, process or group is all its processes, which serve when each
 * is ready and not unhealthy. Loaded when somebody asks.
 * @see https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
import type { Api, ProcessView } from '../api/api.js';
import { SupdError } from '../api/errors.js';
import type { Asking } from './calls.js';
import { type grpc, healthV1 } from './standard.js';

type Status = grpc.health.v1.HealthCheckResponse.ServingStatus;
const { ServingStatus } = healthV1.HealthCheckResponse;

/** Check. @throws SupdError BAD_NAME */
export function checkHealth(api: Api, request: Buffer): Uint8Array {
  const { service } = healthV1.HealthCheckRequest.decode(request);
  const status = statusOfService(api, service);
  if (status === undefined) throw new SupdError('BAD_NAME', `no program or group is named "${service}"`);
  return answer(status);
}

/** List: the daemon, and each process by `group:name`, or by its name where both are the same. */
export function listHealth(api: Api): Uint8Array {
  const processes = api
    .processes([], 'brief')
    .processes.map((view): [string, Status] => [
      view.group === view.name ? view.name : `${view.group}:${view.name}`,
      statusOfProcesses([view]),
    ]);
  const statuses = [['', statusOfDaemon(api)] as const, ...processes].map(([name, status]) => [
    name,
    { status },
  ]);
  return healthV1.HealthListResponse.encode({ statuses: Object.fromEntries(statuses) }).finish();
}

/** Watch: the status now and whenever it is another. A name that is not known yet is waited for. */
export async function* watchHealth(
  api: Api,
  request: Buffer,
  { signal }: Asking,
): AsyncGenerator<Uint8Array> {
  const { service } = healthV1.HealthCheckRequest.decode(request);
  const look = (): Status => statusOfService(api, service) ?? ServingStatus.SERVICE_UNKNOWN;
  // Before the first look, so that nothing happens between the two unseen.
  const events = api.events(undefined, signal);
  let told = look();
  yield answer(told);
  for await (const one of events) {
    // A look has its price, and what programs say may be much.
    if (one.kind === 'event' && one.event.type.includes('COMMUNICATION')) continue;
    const now = look();
    if (now === told) continue;
    told = now;
    yield answer(told);
  }
}

function statusOfService(api: Api, service: string): Status | undefined {
  if (service === '') return statusOfDaemon(api);
  const meant = api
    .processes([], 'brief')
    .processes.filter(({ name, group }) => [name, group, `${group}:${name}`].includes(service));
  return meant.length === 0 ? undefined : statusOfProcesses(meant);
}

function statusOfDaemon(api: Api): Status {
  return api.daemon().state === 'RUNNING' ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
}

function statusOfProcesses(processes: readonly ProcessView[]): Status {
  const isWell = ({ ready, health }: ProcessView) => ready && health !== 'unhealthy';
  return processes.every(isWell) ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
}

function answer(status: Status): Uint8Array {
  return healthV1.HealthCheckResponse.encode({ status }).finish();
}
