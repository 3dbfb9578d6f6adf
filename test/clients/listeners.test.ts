/** What a listener is told by supd and by Debian's supervisord, which run the same configuration side by side. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import tap, { type Test, test } from 'tap';
import { listener, makePlace, type Place, program, section } from '../helpers/place.js';
import { requireStack } from '../helpers/require.js';
import { startIn } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

tap.setTimeout(180_000);

/** Starts supervisord on the configuration of the place. */
function startSupervisord(place: Place, text: string): void {
  const conf = path.join(place.dir, 'supervisord.conf');
  const daemon = { logfile: '%(here)s/s.log', pidfile: '%(here)s/s.pid', identifier: 'here' };
  writeFileSync(conf, `${section('supervisord', daemon)}\n${text}`);
  const env = { ...process.env, SUPD_TEST: place.dir };
  // It ends with the place, as all that names its directory.
  spawn('/usr/bin/supervisord', ['-n', '-c', conf], { cwd: place.dir, env, stdio: 'ignore' });
}

/** The events of each process, group and kind, whose order among each other is up to the daemon. Pids are N. */
function streamsOf(place: Place): Readonly<Record<string, readonly string[]>> {
  const streams: Record<string, string[]> = {};
  const pieces = place
    .read('l.err')
    .split(/^ver:3\.0 /m)
    .slice(1);
  for (const piece of pieces) {
    const [header = '', ...payload] = piece.split('\n');
    const counted = header.replace(/ serial:\d+ (pool:\S+) poolserial:\d+/, ' $1').replace(/ len:\d+$/, '');
    const text = payload
      .join('\n')
      .replace(/pid:[1-9]\d*/, 'pid:N')
      .trimEnd();
    const about = /(?:process|group)name:(\w+)/.exec(text)?.[1] ?? 'the daemon';
    const kind = /channel:(\w+)/.exec(text)?.[1] ?? (header.includes('COMMUNICATION') ? 'words' : 'states');
    const key = `${about} ${kind}`;
    streams[key] = [...(streams[key] ?? []), `${counted} ${text}`];
  }
  return streams;
}

function placeFor(t: Test, text: string): Place {
  return makePlace(t, text, { identifier: 'here' });
}

test('supd tells a listener what supervisord tells it', async (t) => {
  if (!requireStack(t, ['supervisord', 'python3'])) return;
  const text =
    listener(
      'l',
      'listens-to-text',
      'PROCESS_STATE,PROCESS_LOG_STDERR,PROCESS_COMMUNICATION,PROCESS_GROUP,SUPERVISOR_STATE_CHANGE',
      { buffer_size: 100 },
    ) +
    program('talks', '', {
      command: `/bin/sh -c 'printf "<!--XSUPERVISOR:BEGIN-->gr\\303\\266\\303\\237e <!--XSUPERVISOR:END-->"; printf "\\377x\\\\\\047\\n" >&2; exec sleep 100000'`,
      stdout_capture_maxbytes: '1KB',
      stderr_events_enabled: true,
      startsecs: 1,
    }) +
    program('never', '/bin/false', { startsecs: 20, startretries: 2 }) +
    program('ends', 'exits-after 2 3', { startsecs: 1, autorestart: false, exitcodes: 3 });
  const real = placeFor(t, text);
  const ours = placeFor(t, text);
  startSupervisord(real, text);
  const supd = await startIn(t, ours);
  for (const place of [real, ours]) {
    await until('all of it to be told', () => {
      const told = streamsOf(place);
      const isDone = (name: string, type: string) => told[name]?.some((one) => one.includes(type));
      return (
        isDone('never states', 'STATE_FATAL') &&
        isDone('ends states', 'STATE_EXITED') &&
        isDone('talks words', 'COMMUNICATION') &&
        isDone('talks states', 'STATE_RUNNING') &&
        isDone('talks stderr', 'PROCESS_LOG_STDERR')
      );
    });
  }
  const theirs = streamsOf(real);
  const mine = streamsOf(ours);
  t.same(mine, theirs);
  t.equal(mine['never states']?.length, 8);
  await supd.ended('SIGTERM');
});
