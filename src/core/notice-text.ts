/** A message as people and programs read it. */
import { formatStamp } from './durations.js';
import { shortName } from './names.js';
import type { Message } from './notices.js';

/** Where it comes from. */
export interface Origin {
  readonly host: string;
  readonly identifier: string;
  /** The configuration's path. */
  readonly configuration: string;
}

const MOST_SUBJECT = 150;
const KINDS = { job: 'Job', program: 'Program', daemon: 'Of supd' } as const;

/** One line: `nightly failed on web1: 'backup' failed: exit status 1`. */
export function subjectOf({ notice }: Message, origin: Origin): string {
  // What of supd's it is, its reason says.
  const name = notice.kind === 'daemon' ? 'supd' : nameOf(notice);
  const line = `${name} ${said(notice.word)} on ${origin.host}: ${notice.reason}`;
  // Double quotes would make a header of encoded words of it.
  const clean = line.replace(/\s+/g, ' ').replaceAll('"', "'");
  return clean.length > MOST_SUBJECT ? `${clean.slice(0, MOST_SUBJECT - 1)}…` : clean;
}

/** The text of a mail, and what a command reads. */
export function textOf(message: Message, origin: Origin): string {
  const { notice, count } = message;
  const lines = [
    `${KINDS[notice.kind]}: ${nameOf(notice)}`,
    `What: ${said(notice.word)}`,
    `Why:  ${notice.reason}`,
    ...(notice.step === undefined ? [] : [`Step: ${notice.step}${triesOf(notice)}`]),
    ...(notice.lastGood === undefined ? [] : [`Last good: ${formatStamp(notice.lastGood)}`]),
    ...(notice.run === undefined ? [] : [`Run:  ${notice.run}`]),
    `When: ${formatStamp(notice.time)}`,
    `On:   ${origin.host} (${origin.identifier})`,
  ];
  if (count > 1) lines.push('', `This happened ${count} times since the last message about it.`);
  if (notice.output !== undefined) lines.push('', 'Its last lines:', '', ...indent(notice.output));
  return [...lines, '', 'More:', '', `    ${lookOf(message, origin)}`, ''].join('\n');
}

/** What a webhook is sent, as JSON. Fields may be added, never changed. */
export function documentOf(message: Message, origin: Origin): Readonly<Record<string, unknown>> {
  const { notice, count } = message;
  return {
    event: notice.word,
    kind: notice.kind,
    name: notice.name,
    time: formatStamp(notice.time),
    reason: notice.reason,
    run: notice.run ?? null,
    step: notice.step ?? null,
    attempts: notice.attempts ?? null,
    lastGood: notice.lastGood === undefined ? null : formatStamp(notice.lastGood),
    output: notice.output ?? null,
    count,
    look: lookOf(message, origin),
    host: origin.host,
    identifier: origin.identifier,
    // What chat services show.
    text: subjectOf(message, origin),
  };
}

function nameOf({ kind, name }: Message['notice']): string {
  return kind === 'program' ? shortName(name) : name;
}

function triesOf({ attempts }: Message['notice']): string {
  return attempts === undefined ? '' : `, tried ${attempts} times`;
}

function lookOf({ notice }: Message, { configuration }: Origin): string {
  return `supctl -c ${configuration} ${notice.look}`;
}

function said(word: Message['notice']['word']): string {
  if (word === 'memory') return 'restarted for its memory';
  if (word === 'fatal') return 'FATAL';
  if (word === 'condition') return 'has a problem';
  return word === 'overdue' || word === 'unhealthy' ? `is ${word}` : word;
}

function indent(text: string): readonly string[] {
  return text.split('\n').map((line) => `    ${line}`);
}
