/** Every call of the contract, once, for both ends: where it is, what goes in and out, whether it changes anything. */
import { v1 } from './contract.js';

/** One direction of a call, as pbjs makes it. */
export interface Codec<Given, Read> {
  encode(message: Given): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Read;
}

export interface Rpc<
  RequestGiven = unknown,
  RequestRead = unknown,
  AnswerGiven = unknown,
  AnswerRead = unknown,
  Stream extends boolean = boolean,
> {
  /** "/supd.v1.DaemonService/GetDaemon". */
  readonly path: string;
  /** Refused at the read-only door. */
  readonly changes: boolean;
  /** Many answers. */
  readonly stream: Stream;
  readonly request: Codec<RequestGiven, RequestRead>;
  readonly answer: Codec<AnswerGiven, AnswerRead>;
}

const READS = false;
const CHANGES = true;
const UNARY = false;
const STREAM = true;

export const methods = {
  getDaemon: rpc('DaemonService/GetDaemon', READS, UNARY, v1.GetDaemonRequest, v1.GetDaemonResponse),
  rereadConfiguration: rpc(
    'DaemonService/RereadConfiguration',
    CHANGES,
    UNARY,
    v1.RereadConfigurationRequest,
    v1.RereadConfigurationResponse,
  ),
  planUpdate: rpc('DaemonService/PlanUpdate', CHANGES, UNARY, v1.PlanUpdateRequest, v1.PlanUpdateResponse),
  updateGroups: rpc(
    'DaemonService/UpdateGroups',
    CHANGES,
    STREAM,
    v1.UpdateGroupsRequest,
    v1.UpdateGroupsResponse,
  ),
  addGroup: rpc('DaemonService/AddGroup', CHANGES, UNARY, v1.AddGroupRequest, v1.AddGroupResponse),
  removeGroup: rpc(
    'DaemonService/RemoveGroup',
    CHANGES,
    UNARY,
    v1.RemoveGroupRequest,
    v1.RemoveGroupResponse,
  ),
  shutdown: rpc('DaemonService/Shutdown', CHANGES, UNARY, v1.ShutdownRequest, v1.ShutdownResponse),
  reload: rpc('DaemonService/Reload', CHANGES, UNARY, v1.ReloadRequest, v1.ReloadResponse),
  upgrade: rpc('DaemonService/Upgrade', CHANGES, UNARY, v1.UpgradeRequest, v1.UpgradeResponse),
  reopenLogs: rpc('DaemonService/ReopenLogs', CHANGES, UNARY, v1.ReopenLogsRequest, v1.ReopenLogsResponse),
  testNotification: rpc(
    'DaemonService/TestNotification',
    CHANGES,
    UNARY,
    v1.TestNotificationRequest,
    v1.TestNotificationResponse,
  ),
  watchEvents: rpc('DaemonService/WatchEvents', READS, STREAM, v1.WatchEventsRequest, v1.WatchEventsResponse),
  listProcesses: rpc(
    'ProcessService/ListProcesses',
    READS,
    UNARY,
    v1.ListProcessesRequest,
    v1.ListProcessesResponse,
  ),
  getProcess: rpc('ProcessService/GetProcess', READS, UNARY, v1.GetProcessRequest, v1.GetProcessResponse),
  explainProcess: rpc(
    'ProcessService/ExplainProcess',
    READS,
    UNARY,
    v1.ExplainProcessRequest,
    v1.ExplainProcessResponse,
  ),
  listConfigurations: rpc(
    'ProcessService/ListConfigurations',
    READS,
    UNARY,
    v1.ListConfigurationsRequest,
    v1.ListConfigurationsResponse,
  ),
  startProcesses: rpc(
    'ProcessService/StartProcesses',
    CHANGES,
    STREAM,
    v1.StartProcessesRequest,
    v1.StartProcessesResponse,
  ),
  stopProcesses: rpc(
    'ProcessService/StopProcesses',
    CHANGES,
    STREAM,
    v1.StopProcessesRequest,
    v1.StopProcessesResponse,
  ),
  restartProcesses: rpc(
    'ProcessService/RestartProcesses',
    CHANGES,
    STREAM,
    v1.RestartProcessesRequest,
    v1.RestartProcessesResponse,
  ),
  rollProcesses: rpc(
    'ProcessService/RollProcesses',
    CHANGES,
    STREAM,
    v1.RollProcessesRequest,
    v1.RollProcessesResponse,
  ),
  cancelRolling: rpc(
    'ProcessService/CancelRolling',
    CHANGES,
    UNARY,
    v1.CancelRollingRequest,
    v1.CancelRollingResponse,
  ),
  signalProcesses: rpc(
    'ProcessService/SignalProcesses',
    CHANGES,
    UNARY,
    v1.SignalProcessesRequest,
    v1.SignalProcessesResponse,
  ),
  reloadPrograms: rpc(
    'ProcessService/ReloadPrograms',
    CHANGES,
    STREAM,
    v1.ReloadProgramsRequest,
    v1.ReloadProgramsResponse,
  ),
  writeStdin: rpc('ProcessService/WriteStdin', CHANGES, UNARY, v1.WriteStdinRequest, v1.WriteStdinResponse),
  readLog: rpc('ProcessService/ReadLog', READS, UNARY, v1.ReadLogRequest, v1.ReadLogResponse),
  followLog: rpc('ProcessService/FollowLog', READS, STREAM, v1.FollowLogRequest, v1.FollowLogResponse),
  clearLogs: rpc('ProcessService/ClearLogs', CHANGES, UNARY, v1.ClearLogsRequest, v1.ClearLogsResponse),
  listJobs: rpc('JobService/ListJobs', READS, UNARY, v1.ListJobsRequest, v1.ListJobsResponse),
  runJob: rpc('JobService/RunJob', CHANGES, STREAM, v1.RunJobRequest, v1.RunJobResponse),
  cancelRun: rpc('JobService/CancelRun', CHANGES, UNARY, v1.CancelRunRequest, v1.CancelRunResponse),
  listRuns: rpc('JobService/ListRuns', READS, UNARY, v1.ListRunsRequest, v1.ListRunsResponse),
  previewSchedule: rpc(
    'JobService/PreviewSchedule',
    READS,
    UNARY,
    v1.PreviewScheduleRequest,
    v1.PreviewScheduleResponse,
  ),
  readRunLog: rpc('JobService/ReadRunLog', READS, STREAM, v1.ReadRunLogRequest, v1.ReadRunLogResponse),
} as const;

function rpc<RequestGiven, RequestRead, AnswerGiven, AnswerRead, Stream extends boolean>(
  name: string,
  changes: boolean,
  stream: Stream,
  request: Codec<RequestGiven, RequestRead>,
  answer: Codec<AnswerGiven, AnswerRead>,
): Rpc<RequestGiven, RequestRead, AnswerGiven, AnswerRead, Stream> {
  return { path: `/supd.v1.${name}`, changes, stream, request, answer };
}
