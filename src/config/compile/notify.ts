/** [notify:x] -> NotifySpec. */
import { type MailSpec, NOTICE_WORDS, type NoticeWord, type NotifySpec } from '../../core/notice.js';
import { splitCommand } from '../../core/words.js';
import { didYouMean } from '../nearest.js';
import { omitUndefined } from '../omit-undefined.js';
import { NOTIFY } from '../options/job.js';
import type { Values } from '../options/row.js';
import { quote } from '../problems.js';
import { placeOf, type Reading, readOptions } from '../reader.js';
import type { Section } from '../sections.js';
import { readName } from '../types/words.js';

type Options = Values<typeof NOTIFY>;

/** What stands in a mail's header and on sendmail's command line as it is. @see RFC 5321 4.1.2, without quoting */
const ADDRESS = /^[\w.!#$%&*+/=?^{|}~][\w.!#$%&*+/=?^{|}~-]*(?:@[\w.-]+|@\[[\w.:]+\])?$/;

export function compileNotify(reading: Reading, section: Section): NotifySpec {
  const { problems } = reading;
  const named = readName(section.name ?? '', reading);
  if (!named.ok) problems.error(placeOf(section), named.why);
  const options = readOptions(reading, section, NOTIFY);
  const { webhook, command } = options;
  if (options.mail === undefined && webhook === undefined && command === undefined) {
    problems.error(placeOf(section), 'tells nobody; give mail, webhook or command');
  }
  if (webhook !== undefined && !/^https?:\/\//i.test(webhook)) {
    problems.error(
      placeOf(section, 'webhook'),
      `${quote(webhook)} is no place to post to; right is http://… or https://…`,
    );
  }
  const words = command === undefined ? undefined : splitCommand(command);
  if (words !== undefined && (!words.ok || words.words.length === 0)) {
    problems.error(placeOf(section, 'command'), words.ok ? 'is empty' : words.why);
  }
  return {
    name: section.name ?? '',
    on: compileWords(reading, section, options.on),
    everyMs: options.every,
    ...omitUndefined({ mail: compileMail(reading, section, options), webhook, command }),
  };
}

function compileWords(
  { problems }: Reading,
  section: Section,
  words: readonly string[] | undefined,
): readonly NoticeWord[] {
  if (words === undefined) return NOTICE_WORDS;
  const known: readonly string[] = NOTICE_WORDS;
  const place = placeOf(section, 'on');
  if (words.length === 0) problems.error(place, `is empty; right are some of ${known.join(', ')}`);
  for (const word of words.filter((one) => !known.includes(one.toLowerCase()))) {
    problems.error(place, `${quote(word)} is none of ${known.join(', ')}${didYouMean(word, known)}`);
  }
  return NOTICE_WORDS.filter((word) => words.some((one) => one.toLowerCase() === word));
}

function compileMail({ problems }: Reading, section: Section, options: Options): MailSpec | undefined {
  const { mail, smtp, smtp_user: user, smtp_password: password, from } = options;
  if (mail === undefined) {
    for (const key of ['smtp', 'smtp_user', 'smtp_password', 'smtp_tls', 'from'])
      if (section.own.has(key)) problems.warning(placeOf(section, key), 'has no effect without mail');
    return undefined;
  }
  if (mail.length === 0) problems.error(placeOf(section, 'mail'), 'is empty: it must name an address');
  for (const address of mail.filter((one) => !ADDRESS.test(one))) {
    problems.error(placeOf(section, 'mail'), `${quote(address)} is no mail address; right is name@host`);
  }
  if (from !== undefined && !ADDRESS.test(from)) {
    problems.error(placeOf(section, 'from'), `${quote(from)} is no mail address; right is name@host`);
  }
  if ((user === undefined) !== (password === undefined)) {
    const [given, missing] =
      user === undefined ? ['smtp_password', 'smtp_user'] : ['smtp_user', 'smtp_password'];
    problems.error(placeOf(section, given), `needs ${missing} too; leave both out for no authentication`);
  }
  if (smtp === undefined) {
    for (const key of ['smtp_user', 'smtp_password', 'smtp_tls'])
      if (section.own.has(key)) problems.warning(placeOf(section, key), 'has no effect without smtp');
    return { to: mail, ...omitUndefined({ from }) };
  }
  const colon = smtp.lastIndexOf(':');
  const host = smtp.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  if (host === '') problems.error(placeOf(section, 'smtp'), 'names no mail server; right is host:port');
  const server = { host, port: Number(smtp.slice(colon + 1)), tls: options.smtp_tls };
  return { to: mail, smtp: { ...server, ...omitUndefined({ user, password }) }, ...omitUndefined({ from }) };
}
