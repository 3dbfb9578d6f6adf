/** Completion in the shells themselves, as somebody who presses Tab has it. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'tap';
import { program, section } from '../helpers/place.js';
import { requireStack } from '../helpers/require.js';
import { type Supd, startSupd } from '../helpers/start-supd.js';

const PROGRAMS =
  program('web1', 'waits') + program('web2', 'waits') + section('group:site', { programs: 'web1,web2' });

async function serving(t: Parameters<typeof startSupd>[0]): Promise<Supd> {
  const supd = await startSupd(t, PROGRAMS);
  await supd.state('site:web1', 'RUNNING');
  return supd;
}

function run(file: string, args: readonly string[], supd: Supd): readonly string[] {
  return execFileSync(file, args, {
    encoding: 'utf8',
    env: { ...process.env, HOME: supd.dir, PATH: `${path.resolve('bin')}:${process.env.PATH}` },
  })
    .split('\n')
    .map((line) => line.split('\t')[0]?.trim() ?? '')
    .filter((line) => line !== '');
}

test('fish offers commands and names, and asks the daemon that -c names', async (t) => {
  if (!requireStack(t, ['fish'])) return;
  const supd = await serving(t);
  writeFileSync(`${supd.dir}/supctl.fish`, (await supd.told('completion', 'fish')).stdout);
  const completed = (line: string) =>
    run('fish', ['-c', `source ${supd.dir}/supctl.fish; complete -C ${JSON.stringify(line)}`], supd);
  t.same(completed('supctl reload-'), ['reload-program']);
  t.ok(completed('supctl ').includes('status'));
  t.same(completed(`supctl -c ${supd.conf} why site:w`), ['site:web1', 'site:web2']);
  t.same([...completed(`supctl -c ${supd.conf} stop si`)].sort(), ['site:*', 'site:web1', 'site:web2']);
});

/** What zsh would insert: compadd is asked what it was given, since there is no terminal. */
const ZSH = `
autoload -Uz compinit; compinit -u -d $HOME/.zcompdump
source $HOME/supctl.zsh
compadd() { while [[ $1 == -* && $1 != -- ]]; do shift; done; shift; print -rl -- "$@"; }
LBUFFER=$1
_supctl
`;

test('zsh offers commands and names, and asks the daemon that -c names', async (t) => {
  if (!requireStack(t, ['zsh'])) return;
  const supd = await serving(t);
  writeFileSync(`${supd.dir}/supctl.zsh`, (await supd.told('completion', 'zsh')).stdout);
  const completed = (line: string) => run('zsh', ['-f', '-c', ZSH, 'zsh', line], supd);
  t.same(completed('supctl reload-'), ['reload-program']);
  t.ok(completed('supctl ').includes('status'));
  t.same(completed(`supctl -c ${supd.conf} why site:w`), ['site:web1', 'site:web2']);
  t.same(completed(`supctl -c ${supd.conf} stop si`), ['site:*', 'site:web1', 'site:web2']);
});
