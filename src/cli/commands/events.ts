import type { EventView, Watched } from '../../grpc/client.js';
import { type Command, UsageError } from '../command.js';
import { ndjson, watchedJson } from '../render/json.js';
import { fullName } from '../render/names.js';
import { localTime } from '../render/times.js';
import { drain } from '../wait.js';

export const events: Command = {
  name: 'events',
  summary: 'follow what happens',
  help: [
    'events -f              each event as it happens, until Ctrl-C',
    '  --since TOKEN        from the event after this resumeToken on',
    '  --json               one JSON object per event, with its resumeToken; lost events show as {"gap"}',
  ],
  flags: { '-f': 'switch', '--json': 'switch', '--since': 'value' },
  reach: 'usual',
  async run(session, flags) {
    if (!flags.has('-f')) throw new UsageError('Error: events requires -f', { withHelp: true });
    const since = flags.value('--since');
    const request = since === undefined ? {} : { resumeToken: since };
    const stream = session.client().watchEvents(request, { signal: session.signal });
    const line = flags.has('--json') ? (one: Watched) => ndjson(watchedJson(one)) : eventLine;
    await drain(session, stream, (watched) => session.terminal.write(`${line(watched)}\n`));
    return 0;
  },
};

/** "2026-11-24 03:00:00 PROCESS_STATE_RUNNING instance1 from_state:STARTING pid:7". */
function eventLine(watched: Watched): string {
  if (watched.kind === 'gap') {
    return `(${watched.missed > 0 ? `${watched.missed} events` : 'events'} lost: no longer kept)`;
  }
  const { time, type, details } = watched.event;
  const name = nameOf(watched.event);
  const more = Object.entries(details).map(([key, value]) => `${key}:${shownValue(value)}`);
  return [localTime(time), type, ...(name === '' ? [] : [name]), ...more].join(' ');
}

/** What a program wrote may be anything: a line of ours stays one, and commands no terminal. */
function shownValue(value: string): string {
  if (!/\p{Cc}/u.test(value)) return value;
  const toEscape = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value).replace(/\p{Cc}/gu, toEscape);
}

function nameOf({ name, group }: EventView): string {
  return name === '' ? group : fullName({ name, group });
}
