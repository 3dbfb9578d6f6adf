/** How supctl was called, so that a command which a hint names works when it is pasted. A password stays out of it. */
import type { Options } from './options.js';

type Called = Pick<Options, 'configuration' | 'serverUrl' | 'username'>;

/** "supctl -c /etc/supd.conf", to be followed by a command. */
export function calledAs({ configuration, serverUrl, username }: Called): string {
  const given: readonly (readonly [string, string | undefined])[] = [
    ['-c', configuration],
    ['-s', serverUrl],
    ['-u', username],
  ];
  const options = given.flatMap(([name, value]) => (value === undefined ? [] : ` ${name} ${quoted(value)}`));
  return `supctl${options.join('')}`;
}

/** As a shell reads it as one word. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
