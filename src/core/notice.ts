/** Vocabulary of what people are told of by [notify:x]. Types and words only. */
import type { Millis } from './program.js';

/** What `on` may name, worst first. */
export const NOTICE_WORDS = [
  'failed',
  'degraded',
  'skipped',
  'missed',
  'cancelled',
  'overdue',
  'fatal',
  'unhealthy',
  'memory',
  'condition',
  'recovered',
] as const;
export type NoticeWord = (typeof NOTICE_WORDS)[number];

/** One thing that happened to a job, to a program or to supd itself. */
export interface Notice {
  readonly word: NoticeWord;
  readonly kind: 'job' | 'program' | 'daemon';
  /** The job's name, a process's `group:name`, or what of supd's it is: a log's path, `state`. */
  readonly name: string;
  readonly time: Millis;
  /** In words: `"backup" failed: exit status 1`. */
  readonly reason: string;
  readonly run?: string;
  /** The step to blame. */
  readonly step?: string;
  /** How often that was tried, if more than once. */
  readonly attempts?: number;
  /** When the last good run of that step's job, or of the job, had begun. */
  readonly lastGood?: Millis;
  /** The last lines of what it wrote. */
  readonly output?: string;
  /** What shows more: words for supctl. */
  readonly look: string;
}

/** [notify:x]. */
export interface NotifySpec {
  readonly name: string;
  readonly on: readonly NoticeWord[];
  /** Least time between two messages of one cause; 0: each is sent. */
  readonly everyMs: Millis;
  readonly mail?: MailSpec;
  readonly webhook?: string;
  /** Split into words as a job's; the message is its standard input. */
  readonly command?: string;
}

export interface MailSpec {
  readonly to: readonly string[];
  /** undefined: supd@ the machine's name. */
  readonly from?: string;
  /** undefined: by sendmail. */
  readonly smtp?: {
    readonly host: string;
    readonly port: number;
    /** TLS from the first byte. */
    readonly tls: boolean;
    readonly user?: string;
    readonly password?: string;
  };
}

export type NotifyChannel = 'mail' | 'webhook' | 'command';

/** The ways that a section tells by. */
export function channelsOf(spec: NotifySpec): readonly NotifyChannel[] {
  const channels: readonly NotifyChannel[] = ['mail', 'webhook', 'command'];
  return channels.filter((channel) => spec[channel] !== undefined);
}
