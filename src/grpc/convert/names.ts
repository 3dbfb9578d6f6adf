/** Enums of the contract as the names that the rest of supd uses. */
import type { Channel, DaemonView, ResultCode } from '../../api/api.js';
import type { GroupChange, MemberChange, PlannedAction } from '../../api/changes.js';
import type { DeathView } from '../../api/deaths.js';
import type { Reloaded } from '../../api/reload.js';
import type { StepRecord } from '../../core/job.js';
import type { ShownState } from '../../core/program.js';
import type { RollingPhase } from '../../core/rolling-words.js';
import { v1 } from '../contract.js';

interface Names<T extends string> {
  readonly toWire: (name: T) => number;
  /** A number that this version doesn't know gives the fallback: the daemon may be newer than its client. */
  readonly fromWire: (value: number | null | undefined) => T;
}

export const processState = names<ShownState>('UNKNOWN', {
  STOPPED: v1.ProcessState.PROCESS_STATE_STOPPED,
  STARTING: v1.ProcessState.PROCESS_STATE_STARTING,
  RUNNING: v1.ProcessState.PROCESS_STATE_RUNNING,
  BACKOFF: v1.ProcessState.PROCESS_STATE_BACKOFF,
  STOPPING: v1.ProcessState.PROCESS_STATE_STOPPING,
  EXITED: v1.ProcessState.PROCESS_STATE_EXITED,
  FATAL: v1.ProcessState.PROCESS_STATE_FATAL,
  UNKNOWN: v1.ProcessState.PROCESS_STATE_UNKNOWN,
});

export const resultCode = names<ResultCode>('FAILED', {
  STARTED: v1.ResultCode.RESULT_CODE_STARTED,
  STOPPED: v1.ResultCode.RESULT_CODE_STOPPED,
  SIGNALLED: v1.ResultCode.RESULT_CODE_SIGNALLED,
  CLEARED: v1.ResultCode.RESULT_CODE_CLEARED,
  NO_SUCH_PROCESS: v1.ResultCode.RESULT_CODE_NO_SUCH_PROCESS,
  NO_SUCH_GROUP: v1.ResultCode.RESULT_CODE_NO_SUCH_GROUP,
  ALREADY_STARTED: v1.ResultCode.RESULT_CODE_ALREADY_STARTED,
  NOT_RUNNING: v1.ResultCode.RESULT_CODE_NOT_RUNNING,
  NO_FILE: v1.ResultCode.RESULT_CODE_NO_FILE,
  NOT_EXECUTABLE: v1.ResultCode.RESULT_CODE_NOT_EXECUTABLE,
  SPAWN_ERROR: v1.ResultCode.RESULT_CODE_SPAWN_ERROR,
  ABNORMAL_TERMINATION: v1.ResultCode.RESULT_CODE_ABNORMAL_TERMINATION,
  FAILED: v1.ResultCode.RESULT_CODE_FAILED,
  SHUTTING_DOWN: v1.ResultCode.RESULT_CODE_SHUTTING_DOWN,
  BAD_SIGNAL: v1.ResultCode.RESULT_CODE_BAD_SIGNAL,
});

export const rollingPhase = names<RollingPhase>('waiting', {
  waiting: v1.RollingPhase.ROLLING_PHASE_WAITING,
  draining: v1.RollingPhase.ROLLING_PHASE_DRAINING,
  stopping: v1.RollingPhase.ROLLING_PHASE_STOPPING,
  starting: v1.RollingPhase.ROLLING_PHASE_STARTING,
  warming: v1.RollingPhase.ROLLING_PHASE_WARMING,
  joining: v1.RollingPhase.ROLLING_PHASE_JOINING,
  restarted: v1.RollingPhase.ROLLING_PHASE_RESTARTED,
  failed: v1.RollingPhase.ROLLING_PHASE_FAILED,
  passed: v1.RollingPhase.ROLLING_PHASE_PASSED,
  untouched: v1.RollingPhase.ROLLING_PHASE_UNTOUCHED,
});

export const channel = names<Channel>('stdout', {
  stdout: v1.LogChannel.LOG_CHANNEL_STDOUT,
  stderr: v1.LogChannel.LOG_CHANNEL_STDERR,
});

export const daemonState = names<DaemonView['state']>('RUNNING', {
  RUNNING: v1.DaemonState.DAEMON_STATE_RUNNING,
  RESTARTING: v1.DaemonState.DAEMON_STATE_RESTARTING,
  SHUTDOWN: v1.DaemonState.DAEMON_STATE_SHUTDOWN,
});

export const groupChange = names<GroupChange['change']>('FAILED', {
  STOPPED: v1.GroupChange.GROUP_CHANGE_STOPPED,
  REMOVED: v1.GroupChange.GROUP_CHANGE_REMOVED,
  UPDATED: v1.GroupChange.GROUP_CHANGE_UPDATED,
  ADDED: v1.GroupChange.GROUP_CHANGE_ADDED,
  FAILED: v1.GroupChange.GROUP_CHANGE_FAILED,
  UNKNOWN: v1.GroupChange.GROUP_CHANGE_UNKNOWN,
});

export const memberChange = names<MemberChange['action']>('FAILED', {
  STOPPED: v1.MemberChange.MEMBER_CHANGE_STOPPED,
  RESTARTED: v1.MemberChange.MEMBER_CHANGE_RESTARTED,
  STARTED: v1.MemberChange.MEMBER_CHANGE_STARTED,
  CHANGED: v1.MemberChange.MEMBER_CHANGE_CHANGED,
  FAILED: v1.MemberChange.MEMBER_CHANGE_FAILED,
});

export const plannedAction = names<PlannedAction>('none', {
  none: v1.PlannedAction.PLANNED_ACTION_NONE,
  live: v1.PlannedAction.PLANNED_ACTION_LIVE,
  restart: v1.PlannedAction.PLANNED_ACTION_RESTART,
  start: v1.PlannedAction.PLANNED_ACTION_START,
  stop: v1.PlannedAction.PLANNED_ACTION_STOP,
});

export const deathCause = names<DeathView['cause']>('own', {
  own: v1.DeathCause.DEATH_CAUSE_OWN,
  request: v1.DeathCause.DEATH_CAUSE_REQUEST,
  job: v1.DeathCause.DEATH_CAUSE_JOB,
  shutdown: v1.DeathCause.DEATH_CAUSE_SHUTDOWN,
  probe: v1.DeathCause.DEATH_CAUSE_PROBE,
  memory: v1.DeathCause.DEATH_CAUSE_MEMORY,
  refused: v1.DeathCause.DEATH_CAUSE_REFUSED,
  outOfMemory: v1.DeathCause.DEATH_CAUSE_OUT_OF_MEMORY,
  unseen: v1.DeathCause.DEATH_CAUSE_UNSEEN,
});

export const reloadOutcome = names<Reloaded['outcome']>('FAILED', {
  RELOADED: v1.ReloadOutcome.RELOAD_OUTCOME_RELOADED,
  REFUSED: v1.ReloadOutcome.RELOAD_OUTCOME_REFUSED,
  FAILED: v1.ReloadOutcome.RELOAD_OUTCOME_FAILED,
  NOT_RUNNING: v1.ReloadOutcome.RELOAD_OUTCOME_NOT_RUNNING,
  NOT_CONFIGURED: v1.ReloadOutcome.RELOAD_OUTCOME_NOT_CONFIGURED,
  UNKNOWN: v1.ReloadOutcome.RELOAD_OUTCOME_UNKNOWN,
});

export const outcome = names<StepRecord['outcome']>('failed', {
  running: v1.Outcome.OUTCOME_RUNNING,
  ok: v1.Outcome.OUTCOME_OK,
  degraded: v1.Outcome.OUTCOME_DEGRADED,
  failed: v1.Outcome.OUTCOME_FAILED,
  skipped: v1.Outcome.OUTCOME_SKIPPED,
  cancelled: v1.Outcome.OUTCOME_CANCELLED,
  waiting: v1.Outcome.OUTCOME_WAITING,
});

function names<T extends string>(fallback: T, numbers: Readonly<Record<T, number>>): Names<T> {
  // Object.entries forgets that the keys are T.
  const byNumber = new Map((Object.entries(numbers) as [T, number][]).map(([name, value]) => [value, name]));
  return {
    toWire: (name) => numbers[name],
    fromWire: (value) => byNumber.get(value ?? 0) ?? fallback,
  };
}
