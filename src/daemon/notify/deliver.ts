/** One message by one way: a mail, a webhook, a command. Each gives up by itself after a while. */
import { hostname } from 'node:os';
import type { NotifyChannel, NotifySpec } from '../../core/notice.js';
import { documentOf, type Origin, subjectOf, textOf } from '../../core/notice-text.js';
import type { Message } from '../../core/notices.js';
import { type Run, runCommand } from './command.js';
import { sendBySmtp } from './smtp.js';
import { post } from './webhook.js';

export interface DeliverParts {
  readonly origin: () => Origin;
  readonly run: Run;
}

/** Resolves when the other side has taken it. @throws Error with why it has not, in words and without a secret */
export async function deliver(
  spec: NotifySpec,
  channel: NotifyChannel,
  message: Message,
  { origin, run }: DeliverParts,
): Promise<void> {
  const from = origin();
  const subject = subjectOf(message, from);
  const text = textOf(message, from);
  switch (channel) {
    case 'mail': {
      if (spec.mail === undefined) return;
      const { to, smtp } = spec.mail;
      const letter = { from: spec.mail.from ?? `supd@${hostname()}`, to, subject, text };
      return smtp === undefined ? sendmail(letter, run) : sendBySmtp(letter, smtp);
    }
    case 'webhook':
      return spec.webhook === undefined ? undefined : post(spec.webhook, documentOf(message, from));
    case 'command': {
      if (spec.command === undefined) return;
      const { word, name } = message.notice;
      const environment = {
        SUPD_NOTIFY: spec.name,
        SUPD_EVENT: word,
        SUPD_NAME: name,
        SUPD_SUBJECT: subject,
      };
      return runCommand(run, { command: spec.command, input: `${subject}\n\n${text}`, environment });
    }
    default:
      return channel satisfies never;
  }
}

interface Letter {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
}

/** By the sendmail of the machine's mail server; addresses are checked when the configuration is read. */
function sendmail({ from, to, subject, text }: Letter, run: Run): Promise<void> {
  const words = ['sendmail', '-i', '-f', from, ...to];
  const head = [
    `From: ${from}`,
    `To: ${to.join(', ')}`,
    `Subject: ${encodeHeader(subject)}`,
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
  ];
  const command = words.map((word) => `'${word}'`).join(' ');
  return runCommand(run, { command, input: `${head.join('\n')}\n\n${text}`, environment: {} });
}

/** @see RFC 2047; an encoded word holds at most 75 characters */
function encodeHeader(text: string): string {
  if (/^[ -~]*$/.test(text)) return text;
  const pieces: string[] = [];
  let piece = '';
  for (const character of text) {
    if (Buffer.byteLength(piece + character) > 42) {
      pieces.push(piece);
      piece = '';
    }
    piece += character;
  }
  return [...pieces, piece].map((one) => `=?UTF-8?B?${Buffer.from(one).toString('base64')}?=`).join('\n ');
}
