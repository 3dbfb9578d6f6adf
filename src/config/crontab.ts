/** crontab lines as [job:x] sections. What a crontab says differently, or supd has no word for, is said in comments. */
import { splitCommand } from '../core/words.js';
import { readEnvironment } from './environment.js';
import { parseSchedule } from './schedule.js';

export interface Crontab {
  /** For the comments. */
  readonly file: string;
  readonly text: string;
  /** Is there a user of this name? Then it is the user field of /etc/crontab. */
  readonly isUser: (name: string) => boolean;
}

/** What the lines before said. */
interface Told {
  readonly variables: Map<string, string>;
  readonly names: Set<string>;
  readonly mails: Map<string, string>;
}

/** Characters that a shell would act on. */
const SHELL = /[|&;<>()$`*?~{}[\]!#]|^\w+=/;

/** How many lines of an imported crontab say nothing to supd. */
export function countLeftOut(imported: string): number {
  return imported.split('\n').filter((line) => /^; (?:not taken over:|@reboot is no time)/.test(line)).length;
}

/** @see crontab(5) */
export function importCrontab({ file, text, isUser }: Crontab): string {
  const told: Told = { variables: new Map(), names: new Set(), mails: new Map() };
  const isSystem = /^\/etc\/cron/.test(file);
  // cron gives each its user's home for a directory, supd the daemon's own.
  const head =
    '; cron ran these as their user, in his home: each needs user= and directory= where that matters to it.';
  const sections = text.split('\n').flatMap((raw, at) => {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) return [];
    const variable = /^(\w+)\s*=\s*(.*)$/.exec(line);
    if (variable) {
      told.variables.set(variable[1] ?? '', (variable[2] ?? '').replace(/^(["'])(.*)\1$/, '$2'));
      return [];
    }
    return [[`; ${file}:${at + 1}: ${line}`, ...jobLines(line, told, isSystem, isUser)].join('\n')];
  });
  const mails = [...told.mails].map(
    ([to, name]) => `[notify:${name}]\nmail=${escaped(to)}\non=failed,degraded,missed,recovered`,
  );
  return [...(sections.length > 0 ? [head] : []), ...sections, ...mails]
    .map((section) => `${section}\n`)
    .join('\n');
}

function jobLines(line: string, told: Told, isSystem: boolean, isUser: Crontab['isUser']): readonly string[] {
  const count = line.startsWith('@') ? 1 : 5;
  const read = new RegExp(`^((?:\\S+\\s+){${count - 1}}\\S+)\\s+(.*)$`).exec(line);
  if (!read) {
    const right =
      count === 1
        ? 'a command behind the time'
        : 'five fields (minute hour day month weekday), then a command';
    return [`; not taken over: right is ${right}, or NAME=value`];
  }
  if (line.includes('\0')) return ['; not taken over: a NUL character, which no process can be given'];
  const [, schedule = '', rest = ''] = read;
  const [, first = '', more = ''] = /^(\S+)\s+(.*)$/.exec(rest) ?? [];
  // "mail" is a user too: what goes on with an option is a command.
  const hasUser = more !== '' && (isSystem || (isUser(first) && !more.startsWith('-')));
  const written = hasUser ? more : rest;
  if (schedule === '@reboot') {
    return [
      '; @reboot is no time: what is to run from the start on is a [program:x] with autostart=true, what is to run',
      '; once at the start one with autorestart=false, startsecs=0 besides.',
    ];
  }
  const due = parseSchedule(schedule);
  if (!due.ok) return [`; not taken over: ${due.why}`];
  if (written === '') return ['; not taken over: there is no command'];
  const command = commandOf(written, told.variables.get('SHELL') ?? '/bin/sh');
  const environment = environmentOf(told.variables);
  const zone = told.variables.get('CRON_TZ') ?? told.variables.get('TZ');
  return [
    ...[
      ...(hasUser && !isSystem
        ? [`"${first}" was taken for the user it runs as; if it is the command, say so.`]
        : []),
      ...command.notes,
      ...environment.notes,
    ].map((note) => `; ${note}`),
    `[job:${nameOf(written, told.names)}]`,
    `command=${command.text}`,
    `schedule=${schedule}`,
    ...(zone === undefined ? [] : [`timezone=${zone}`]),
    ...(hasUser ? [`user=${first}`] : []),
    ...environment.lines,
    ...notifyLine(told),
  ];
}

function commandOf(
  written: string,
  shell: string,
): { readonly text: string; readonly notes: readonly string[] } {
  const notes: string[] = [];
  // An unescaped % ends the command; what follows is its input, where each further one is a line end.
  const [head = '', ...input] = written.split(/(?<!\\)%/).map((part) => part.replaceAll('\\%', '%'));
  let command = head.trim();
  if (input.length > 0) {
    notes.push('What followed % was the input of the command.');
    command = `printf '%s\\n' ${input.map(quoted).join(' ')} | ${command}`;
  }
  // What can't be split into words is the shell's to refuse, as under cron.
  if (!SHELL.test(command) && splitCommand(command).ok) return { text: escaped(command), notes };
  notes.push('A job is run without a shell; this command needs one.');
  if (/\s;/.test(command)) notes.push('Blanks before ; are left out: they would begin a comment.');
  return { text: escaped(`${shell} -c ${quoted(command.replace(/\s+;/g, ';'))}`), notes };
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** supd fills in what follows a %. */
function escaped(text: string): string {
  return text.replaceAll('%', '%%');
}

function environmentOf(variables: ReadonlyMap<string, string>): {
  readonly lines: readonly string[];
  readonly notes: readonly string[];
} {
  const pairs: string[] = [];
  const notes: string[] = [];
  for (const [name, value] of variables) {
    if (['SHELL', 'MAILTO', 'MAILFROM', 'CRON_TZ', 'TZ'].includes(name)) continue;
    const pair = [`${name}="${value}"`, `${name}='${value}'`].find((one) => saysOnly(one, name, value));
    if (pair === undefined) notes.push(`${name} is left out: its quotes can't be written in environment=.`);
    else pairs.push(escaped(pair));
  }
  return { lines: pairs.length === 0 ? [] : [`environment=${pairs.join(',')}`], notes };
}

/** Whichever way it is read. */
function saysOnly(pair: string, name: string, value: string): boolean {
  const read = readEnvironment(pair, true);
  return read.ok && read.notes.length === 0 && read.values[name] === value;
}

/** cron mails all output; supd tells of what went wrong. */
function notifyLine({ variables, mails }: Told): readonly string[] {
  const to = variables.get('MAILTO');
  if (to === undefined) return [];
  if (to === '') return ['notify='];
  const name = mails.get(to) ?? (mails.size === 0 ? 'cron' : `cron-${mails.size + 1}`);
  mails.set(to, name);
  return [`notify=${name}`];
}

/** Of the first word of the command that is a path or a name. */
function nameOf(command: string, names: Set<string>): string {
  const word =
    command
      .split(/\s+/)
      .find((one) => /^[\w./][\w./-]*\w$|^\w$/.test(one) && !/^(?:cd|test|nice|\[)$/.test(one)) ?? 'job';
  const base = word.slice(word.lastIndexOf('/') + 1).replace(/[^\w.-]|^-+/g, '') || 'job';
  let name = base;
  for (let count = 2; names.has(name); count += 1) name = `${base}-${count}`;
  names.add(name);
  return name;
}
