/**
 * Random configurations at supervisord's own reader and at supd's. The suite reads the same few each time; to look for
 * more, `FUZZ=2000 npm test -- clients/configuration-fuzz` reads as many others. What it found is in test/config and in
 * odd.ts and broken.ts.
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import tap, { test } from 'tap';
import { formatProblem, loadConfig } from '../../src/config/load.js';
import { machineSurroundings } from '../../src/daemon/surroundings.js';
import { finish, makePlace } from '../helpers/place.js';
import { randomConf, randomProgram } from '../helpers/random-conf.js';
import { requireStack } from '../helpers/require.js';

tap.setTimeout(3_600_000);

interface Read {
  readonly error?: string;
  readonly crash?: string;
  readonly processes?: readonly Readonly<Record<string, unknown>>[];
}

/** supervisord's options of programs. */
const KEYS = [
  ...[
    'command',
    'process_name',
    'numprocs',
    'numprocs_start',
    'priority',
    'autostart',
    'autorestart',
    'startsecs',
  ],
  ...[
    'startretries',
    'exitcodes',
    'stopsignal',
    'stopwaitsecs',
    'stopasgroup',
    'killasgroup',
    'user',
    'umask',
  ],
  ...[
    'directory',
    'environment',
    'redirect_stderr',
    'stdout_logfile',
    'stderr_logfile',
    'stdout_logfile_maxbytes',
  ],
  ...[
    'stdout_logfile_backups',
    'stdout_capture_maxbytes',
    'stdout_events_enabled',
    'stdout_syslog',
    'serverurl',
  ],
];

const ENVIRONMENT = { PATH: '/usr/bin:/bin', A: 'an a', LANG: 'C.UTF-8' };

function bySupd(file: string, dir: string): Read {
  const loaded = loadConfig(file, { ...machineSurroundings(ENVIRONMENT), cwd: dir }, { compat: 'strict' });
  if (!loaded.ok) return { error: loaded.problems.map(formatProblem).join('\n') };
  const processes = loaded.config.groups.flatMap((group) =>
    group.processes.map((spec) => ({
      id: spec.id,
      command: spec.command,
      environment: { ...spec.environment },
      directory: spec.directory ?? null,
      priority: spec.priority,
      startsecs: spec.startMs / 1000,
      stopsignal: spec.stopSignal,
      exitcodes: spec.exitCodes,
      umask: spec.umask ?? null,
      stdout_logfile:
        spec.stdout.file.kind === 'path' ? path.basename(spec.stdout.file.path) : spec.stdout.file.kind,
    })),
  );
  return { processes };
}

test('random configurations come to the same', async (t) => {
  const count = Number(process.env.FUZZ ?? 200);
  if (!requireStack(t, ['supervisord'])) return;
  const { dir } = makePlace(t, '');
  const seed = Number(process.env.SEED ?? (process.env.FUZZ ? Date.now() % 1_000_000 : 20));
  t.comment(`SEED=${seed}`);
  const texts = fc.sample(fc.oneof(randomConf(KEYS), { weight: 4, arbitrary: randomProgram(KEYS) }), {
    numRuns: count,
    seed,
  });
  const files = texts.map((text, index) => {
    writeFileSync(`${dir}/${index}.conf`, text);
    return `${dir}/${index}.conf`;
  });
  const child = spawn(`${dir}/bin/reads-supervisord-conf`, {
    cwd: dir,
    env: { ...ENVIRONMENT, HOME: '/root' },
  });
  const { stdout, stderr } = await finish(child, JSON.stringify(files));
  if (stdout === '') throw new Error(stderr);
  const theirs = JSON.parse(stdout) as readonly Read[];
  const different: unknown[] = [];
  let compared = 0;
  for (const [index, file] of files.entries()) {
    const [expected, ours] = [theirs[index]!, bySupd(file, dir)];
    // Sections of supd's own; numbers beyond all sense, which supd bounds; a crash of supervisord's; a NUL, which it finds at the start; its dictionary for a lone %s; an empty name.
    const said = JSON.stringify(expected);
    if (
      expected.crash !== undefined ||
      /\0|\d{12}|\[job|\[notify|\[grpc/.test(texts[index] ?? '') ||
      /\{'\w+': |"a:"/.test(said)
    )
      continue;
    if ((expected.error === undefined) !== (ours.error === undefined)) {
      const who = expected.error === undefined ? 'only supd' : 'only supervisord';
      different.push({ text: texts[index], who, why: expected.error ?? ours.error });
    } else if (expected.processes) {
      compared += 1;
      const shown = expected.processes.map((one) => ({
        ...one,
        startsecs: Math.max(0, one.startsecs as number),
        stdout_logfile: one.stdout_logfile ? path.basename(one.stdout_logfile as string) : 'none',
      }));
      const [a, b] = [byId(ours.processes), byId(shown)];
      if (!isDeepStrictEqual(a, b)) different.push({ text: texts[index], supd: a, supervisord: b });
    }
  }
  t.ok(compared > count / 20, `${compared} of ${count} files were taken by both`);
  t.strictSame(different, []);
});

function byId(all: Read['processes'] = []): NonNullable<Read['processes']> {
  return [...all].sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1));
}
