/** A client that finds at its first call who answers: each way of asking in turn, the first that does is kept. */
import { CallFailure, type Client } from '../grpc/client.js';

export interface Attempt {
  /** As it is shown. Several attempts at one URL are several protocols. */
  readonly url: string;
  readonly open: () => Client | Promise<Client>;
}

export interface Answering {
  readonly client: Client;
  /** Of the one that answers; before that, and when none does, of the first. */
  readonly url: () => string;
}

type Method = Exclude<keyof Client, 'close'>;
type Streaming = {
  [M in Method]: ReturnType<Client[M]> extends AsyncIterable<unknown> ? M : never;
}[Method];
type Calling = Exclude<Method, Streaming>;

/** Tables, so that a new method of Client is missed by the compiler. */
const calls: Readonly<Record<Calling, true>> = {
  getDaemon: true,
  rereadConfiguration: true,
  listHealth: true,
  planUpdate: true,
  addGroup: true,
  removeGroup: true,
  shutdown: true,
  reload: true,
  testNotification: true,
  upgrade: true,
  reopenLogs: true,
  listProcesses: true,
  getProcess: true,
  explainProcess: true,
  listConfigurations: true,
  signalProcesses: true,
  cancelRolling: true,
  writeStdin: true,
  readLog: true,
  clearLogs: true,
  listJobs: true,
  cancelRun: true,
  listRuns: true,
  previewSchedule: true,
};
const streams: Readonly<Record<Streaming, true>> = {
  updateGroups: true,
  watchEvents: true,
  startProcesses: true,
  stopProcesses: true,
  restartProcesses: true,
  rollProcesses: true,
  reloadPrograms: true,
  followLog: true,
  runJob: true,
  readRunLog: true,
};

/**
 * When none answers, the failure is that of the first URL: another one is only looked at in case.
 * @param attempts  at least one
 */
export function firstThatAnswers(attempts: readonly Attempt[]): Answering {
  const opened: Client[] = [];
  let at = 0;
  let chosen: Client | undefined;
  let settled = false;
  let first: CallFailure | undefined;

  const current = async (): Promise<Client> => {
    if (chosen) return chosen;
    const client = await attempts[at]?.open();
    if (!client) throw new Error('no attempt is left');
    opened.push(client);
    chosen = client;
    return client;
  };
  /** Is there another attempt to make after this failure of a call? @throws what there is to tell when not */
  const moveOn = (error: unknown): void => {
    if (settled || !(error instanceof CallFailure)) throw error;
    const here = attempts[at]?.url;
    if (error.code === 'NOT_GRPC' && attempts[at + 1]?.url === here) return goTo(at + 1);
    if (!isNobody(error)) {
      settled = error.code !== 'CANCELLED';
      throw error;
    }
    first ??= error;
    const elsewhere = attempts.findIndex(({ url }, index) => index > at && url !== here);
    if (elsewhere >= 0) return goTo(elsewhere);
    const told = first;
    [at, chosen, first] = [0, undefined, undefined];
    throw told;
  };
  const goTo = (index: number): void => {
    at = index;
    chosen = undefined;
  };

  const methods: Record<string, unknown> = {
    close: () => {
      for (const client of opened) client.close();
    },
  };
  for (const name of Object.keys(calls)) {
    methods[name] = async (...args: readonly unknown[]) => {
      for (;;) {
        try {
          const answer = await invoke(await current(), name, args);
          settled = true;
          return answer;
        } catch (error) {
          moveOn(error);
        }
      }
    };
  }
  for (const name of Object.keys(streams)) {
    methods[name] = async function* (...args: readonly unknown[]) {
      for (;;) {
        try {
          for await (const item of invoke(await current(), name, args) as AsyncIterable<unknown>) {
            settled = true;
            yield item;
          }
          settled = true;
          return;
        } catch (error) {
          moveOn(error);
        }
      }
    };
  }
  // All methods are there, with the arguments and answers of the client behind: the tables say so.
  return { client: methods as unknown as Client, url: () => attempts[at]?.url ?? '' };
}

/** Nobody listens there. */
function isNobody({ code }: CallFailure): boolean {
  return code === 'NO_SOCKET' || code === 'REFUSED';
}

function invoke(client: Client, name: string, args: readonly unknown[]): unknown {
  const method = client[name as Method] as (...args: readonly unknown[]) => unknown;
  return method(...args);
}
