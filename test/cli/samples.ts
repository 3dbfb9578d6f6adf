/** Answers of a daemon, as a test needs them. */
import type {
  JobAnswer,
  ProcessResult,
  ProcessView,
  ResultCode,
  RunAnswer,
  StepAnswer,
} from '../../src/grpc/client.js';

export function process(fullName: string, over: Partial<ProcessView> = {}): ProcessView {
  const [group = '', name = group] = fullName.split(':');
  return {
    name,
    group,
    state: 'RUNNING',
    description: 'pid 7, uptime 0:00:05',
    pid: 7,
    uptimeMs: 5000,
    restarts: 0,
    exitSignal: '',
    ready: true,
    health: '',
    waitingFor: [],
    rolling: '',
    groups: [],
    spawnError: '',
    stdoutLogfile: `/var/log/${name}.log`,
    stderrLogfile: '',
    logFailure: '',
    ...over,
  };
}

export function result(fullName: string, code: ResultCode, message = ''): ProcessResult {
  const [group = '', name = group] = fullName.split(':');
  return { name, group, code, message };
}

/** Of a target that names nothing. */
export function unknown(target: string, code: 'NO_SUCH_PROCESS' | 'NO_SUCH_GROUP'): ProcessResult {
  return { name: target, group: '', code, message: '' };
}

export function step(name: string, over: Partial<StepAnswer> = {}): StepAnswer {
  return {
    name,
    outcome: 'ok',
    reason: '',
    exitSignal: '',
    attempts: 1,
    output: '',
    outputBytes: 0,
    ...over,
  };
}

export function run(job: string, over: Partial<RunAnswer> = {}): RunAnswer {
  return {
    id: '20261124T030000Z-1',
    job,
    outcome: 'ok',
    reason: '',
    trigger: 'request',
    requestedBy: '',
    startTime: 0,
    endTime: 3000,
    steps: [step(job)],
    missed: false,
    ...over,
  };
}

export function job(name: string, over: Partial<JobAnswer> = {}): JobAnswer {
  return {
    name,
    schedule: '',
    timezone: '',
    steps: [],
    command: '/bin/true',
    overdue: false,
    overdueReason: '',
    ...over,
  };
}
