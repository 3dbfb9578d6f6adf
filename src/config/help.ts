/** The option table as text: a commented example, and a table for the README. */

import type { OptionRow } from './options/row.js';
import { optionsOf, SECTION_KINDS, type SectionKind } from './options.js';

/** A configuration that says everything there is to say, each option commented out at its default or an example. */
export function helpConfig(): string {
  const sections = SECTION_KINDS.map((kind) => {
    const active = kind.kind === 'supd';
    const header = `${active ? '' : ';'}[${exampleHeader(kind)}]`;
    const options = optionsOf(kind).filter(([name]) => kind.isProgram !== true || isOwn(kind, name));
    return [...describeKind(kind), header, ...options.map(([name, row]) => exampleLine(name, row))].join(
      '\n',
    );
  });
  return `${INTRODUCTION}\n\n${sections.join('\n\n')}\n`;
}

/** One Markdown table per section. */
export function optionTable(): string {
  return SECTION_KINDS.map((kind) => {
    const rows = optionsOf(kind)
      .filter(([name]) => kind.isProgram !== true || isOwn(kind, name))
      .map(
        ([name, row]) =>
          `| \`${name}\` | ${describeType(row)} | ${describeDefault(row)} | ${escapeCell(describeRow(row))} |`,
      );
    const title = `### [${kind.kind}${kind.named === 'always' ? ':x' : ''}]`;
    return [
      title,
      '',
      ...describeNotes(kind),
      '| option | type | default | meaning |',
      '|---|---|---|---|',
      ...rows,
    ].join('\n');
  }).join('\n\n');
}

const INTRODUCTION = `; Configuration of supd. Every option is here, commented out: at its default where it has one, else with an example.
; Lines that begin with ; or # are comments. Times are in seconds, or take s, m, h, d; sizes are in bytes, or take
; KB, MB, GB. %(here)s is the directory of this file, %(ENV_X)s the variable X; write %% for a percent sign.`;

function describeKind(kind: SectionKind): readonly string[] {
  return [
    `; ${kind.doc}`,
    ...describeNotes(kind)
      .filter((line) => line !== '')
      .map((line) => `; ${line}`),
  ];
}

function describeNotes(kind: SectionKind): readonly string[] {
  const notes: string[] = [];
  if (kind.alias !== undefined) notes.push(`May be written [${kind.alias}].`);
  if (kind.isProgram === true) notes.push('Has the options of a [program:x] as well.');
  if (kind.served === 'later') notes.push('Checked, but not served by this version yet.');
  return notes.length > 0 ? [notes.join(' '), ''] : [];
}

function isOwn(kind: SectionKind, name: string): boolean {
  return Object.hasOwn(kind.table, name) || name === 'command';
}

function exampleHeader(kind: SectionKind): string {
  if (kind.named !== 'always') return kind.kind;
  return `${kind.kind}:${kind.kind === 'rpcinterface' ? 'supervisor' : (EXAMPLE_NAMES[kind.kind] ?? 'example')}`;
}

const EXAMPLE_NAMES: Readonly<Record<string, string>> = {
  group: 'examples',
  job: 'night',
  eventlistener: 'listener',
  'fcgi-program': 'responder',
  notify: 'operators',
};

function exampleLine(name: string, row: OptionRow): string {
  const value = row.default !== undefined && row.default !== '' ? row.default : (row.example ?? '');
  const line = `;${name}=${value}`;
  return `${line.padEnd(44)} ; ${describeRow(row)}${describeOtherwise(row)}`;
}

function describeRow(row: OptionRow): string {
  const later = row.served === 'later' ? ' (checked, not served yet)' : '';
  const choices = row.choices === undefined ? '' : `: ${row.choices.join(', ')}`;
  return `${row.doc}${row.doc.includes(':') ? '' : choices}${later}`;
}

function describeOtherwise(row: OptionRow): string {
  if (row.required === true) return '; required';
  if (row.otherwise !== undefined) return `; default: ${row.otherwise}`;
  return row.default === undefined || (row.default === '' && row.example !== undefined)
    ? '; default: none'
    : '';
}

function describeType(row: OptionRow): string {
  if (row.type === 'choice') return escapeCell((row.choices ?? []).join(' or '));
  return SHOWN_TYPES[row.type] ?? row.type;
}

/** Types whose name in the code says more than a reader needs. */
const SHOWN_TYPES: Readonly<Record<string, string>> = {
  bool: 'true or false',
  bytes: 'size',
  count: 'number',
  duration: 'time',
  int: 'number',
  limit: 'number or unlimited',
  'loose directory': 'directory',
  'loose path': 'path',
  'main log': 'path or syslog',
  octal: 'mode, octal',
  owner: 'user:group',
  'size limit': 'size or unlimited',
  span: 'time',
  spans: 'times',
  whole: 'number',
};

function describeDefault(row: OptionRow): string {
  if (row.required === true) return 'required';
  if (row.default !== undefined && row.default !== '') return `\`${row.default}\``;
  return escapeCell(row.otherwise ?? 'none');
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
