import { test } from 'tap';
import { EventLog, type Watched } from '../../src/daemon/eventlog.js';

test('what clients send is kept within a bound of bytes, and who comes back is told what is missing', async (t) => {
  const log = new EventLog();
  const event = { time: 0, type: 'REMOTE_COMMUNICATION', name: '', group: '' };
  log.add({ ...event, details: { data: 'first' } });
  const token = log.tokenOf({ ...event, sequence: 1, details: {} });
  for (let i = 0; i < 1000; i += 1) log.add({ ...event, details: { data: 'x'.repeat(65_536) } });
  log.add({ ...event, details: { data: 'last' } });
  const ending = new AbortController();
  const seen: Watched[] = [];
  for await (const one of log.watch(token, ending.signal)) {
    seen.push(one);
    if (one.kind === 'event' && one.event.details.data === 'last') ending.abort();
  }
  const [gap, ...events] = seen;
  t.ok(gap?.kind === 'gap' && gap.missed + events.length === 1001, 'every event is either there or counted');
  t.ok(events.length > 50 && events.length < 150, `${events.length} are kept`);
});
