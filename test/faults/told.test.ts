/** People hear of what does not work of supd itself: [notify:x] with `condition`. */
import tap, { test } from 'tap';
import { openHook } from '../helpers/mailbox.js';
import { makePlace, program, section } from '../helpers/place.js';
import { requireStack } from '../helpers/require.js';
import { startIn } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';
import { mountDisk } from './disk.js';
import { isHealed, isTold } from './supervision.js';

tap.setTimeout(180_000);

test('a full disk is told once, whichever supd finds it full, and once that it is over', async (t) => {
  if (!requireStack(t, ['root', 'mount'])) return;
  const hook = await openHook(t);
  const other = await openHook(t);
  const place = makePlace(
    t,
    ['a', 'b']
      // Long lines: there is room in a file's last page still when the disk is full.
      .map((n) =>
        program(n, `counts %(here)s/${n}.pids 0.01 "" 100`, { stdout_logfile: `%(here)s/${n}/out` }),
      )
      .join('\n') +
      section('notify:ops', { webhook: `http://127.0.0.1:${hook.port}/`, on: 'condition,recovered' }) +
      section('notify:boss', { webhook: `http://127.0.0.1:${other.port}/`, on: 'fatal,recovered' }),
  );
  const [disk, another] = [mountDisk(t, place, 'a', '256k'), mountDisk(t, place, 'b', '256k')];
  const first = await startIn(t, place);
  await until('output', () => place.read('a/out').length > 20);
  disk.fill();
  const told = await until('people to hear of it', () => hook.posted[0]);
  t.match(told.body, {
    event: 'condition',
    kind: 'daemon',
    name: `${place.dir}/a/out`,
    reason: /\/a\/out: cannot be written: ENOSPC/,
    text: /^supd has a problem on \S+: \/.*\/a\/out: cannot be written: ENOSPC/,
    look: `supctl -c ${place.conf} status`,
  });
  const { stderr } = await first.told(...String(told.body.look).split(' ').slice(3));
  t.match(stderr, /a\/out: cannot be written: ENOSPC/, 'what it says to look at shows it');

  await first.ended('SIGKILL');
  const second = await startIn(t, place);
  await isTold(t, second, /\/a\/out: cannot be written: ENOSPC/);
  // Who is told of the other one has been looking at both.
  another.fill();
  t.match((await until('the other', () => hook.posted[1])).body, { name: `${place.dir}/b/out` });
  disk.free();
  t.match((await until('the end of it', () => hook.posted[2])).body, {
    event: 'recovered',
    kind: 'daemon',
    name: `${place.dir}/a/out`,
    reason: /^over: .*\/a\/out: cannot be written: ENOSPC/,
  });
  another.free();
  await isHealed(t, second, /a\/out: cannot be written: ENOSPC/, 2);
  t.match((await until('the last', () => hook.posted[3])).body, { event: 'recovered', name: /\/b\/out$/ });
  t.equal(hook.posted.length, 4);
  t.equal(
    other.posted.length,
    0,
    'who does not ask for conditions hears nothing, also not that they are over',
  );
});
