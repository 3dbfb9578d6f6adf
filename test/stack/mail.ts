/** A real mail server and a real HTTP endpoint on loopback, for what [notify:x] sends. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Test } from 'tap';
import { openHook, type Posted } from '../helpers/mailbox.js';
import { isOpen } from './front.js';
import { freePorts } from './ports.js';
import { endProgram, startProgram } from './processes.js';
import type { Changes } from './site.js';
import { until } from './until.js';

const PYTHON = '/opt/supd-stack/mail/bin/python';

export interface Told {
  /** What makes a site's operators hear by these two. */
  readonly changes: Changes;
  /** Texts of all mails so far, oldest first, decoded. */
  mails(): readonly string[];
  readonly posted: readonly Posted[];
  /** Waits until one more has come by each way since `mark`, and gives the newest of both. */
  next(mark: Mark): Promise<{ readonly mail: string; readonly post: Posted['body'] }>;
  mark(): Mark;
}

export interface Mark {
  readonly mails: number;
  readonly posts: number;
}

/** aiosmtpd, whose mails lie in a Maildir, and an HTTP server; both end with `root`. undefined: not provisioned. */
export async function openTold(root: Test): Promise<Told | undefined> {
  if (!existsSync(PYTHON)) return undefined;
  const dir = mkdtempSync('/tmp/supd-mail-');
  const box = path.join(dir, 'box');
  const [port = 0] = await freePorts(1);
  const argv = ['-m', 'aiosmtpd', '-n', '-l', `127.0.0.1:${port}`, '-c', 'aiosmtpd.handlers.Mailbox', box];
  const server = startProgram([PYTHON, ...argv], path.join(dir, 'log'));
  root.teardown(async () => {
    await endProgram(server);
    rmSync(dir, { recursive: true, force: true });
  });
  await until('the mail server', () => isOpen(port));
  const hook = await openHook(root);

  const mails = () =>
    (existsSync(`${box}/new`) ? readdirSync(`${box}/new`) : [])
      // The names begin with seconds, M, microseconds.
      .map((name) => ({ name, at: name.split('.').slice(0, 2).join('.') }))
      .sort((a, b) => timeOf(a.at) - timeOf(b.at))
      .map(({ name }) => decode(readFileSync(path.join(box, 'new', name), 'utf8')));
  const mark = () => ({ mails: mails().length, posts: hook.posted.length });
  return {
    changes: [
      [
        'mail=root@localhost\nevery=1h',
        `mail=root@localhost\nsmtp=127.0.0.1:${port}\nfrom=supd@localhost\nwebhook=http://127.0.0.1:${hook.port}/night`,
      ],
    ],
    mails,
    posted: hook.posted,
    mark,
    next: async ({ mails: had, posts }) => {
      const mail = await until('a mail', () => mails()[had]);
      const post = await until('a message to the webhook', () => hook.posted[posts]);
      return { mail, post: post.body };
    },
  };
}

/** "1700000000.M1234P…" in microseconds. */
function timeOf(name: string): number {
  const [, seconds = '0', micro = '0'] = /^(\d+)\.M(\d+)/.exec(name) ?? [];
  return Number(seconds) * 1e6 + Number(micro);
}

/** Quoted-printable and folded headers undone: as far as supd's mails need it. */
function decode(text: string): string {
  const bytes = text
    .replaceAll('\r\n', '\n')
    .replace(/=\n/g, '')
    .replace(/\n[ \t]+(?=\S)/g, (folded, at: number) => (at < text.indexOf('\n\n') ? ' ' : folded));
  return bytes.replace(/(?:=[0-9A-F]{2})+/g, (hex) => Buffer.from(hex.replaceAll('=', ''), 'hex').toString());
}
