import { type Command, oneName } from '../command.js';
import { ndjson, pieceJson } from '../render/json.js';
import { drain } from '../wait.js';

export const jobLog: Command = {
  name: 'job log',
  summary: 'what a run of a job wrote',
  help: [
    'job log NAME           of the newest run, step by step',
    '  --run ID             of this run',
    '  --step STEP          only of this step',
    '  -f                   go on until the run ends, or Ctrl-C',
    '  --json               one object per line: step, and content in base64',
  ],
  flags: { '--run': 'value', '--step': 'value', '-f': 'switch', '--json': 'switch' },
  reach: 'usual',
  completes: 'jobs',
  async run(session, flags) {
    const job = oneName('job log', flags);
    const runId = flags.value('--run');
    const step = flags.value('--step');
    const request = {
      job,
      ...(runId === undefined ? {} : { runId }),
      ...(step === undefined ? {} : { step }),
      follow: flags.has('-f'),
    };
    let heading: string | undefined;
    let atLineStart = true;
    const stream = session.client().readRunLog(request, { signal: session.signal });
    await drain(session, stream, async (piece) => {
      if (flags.has('--json')) return session.terminal.write(`${ndjson(pieceJson(piece))}\n`);
      // One step alone, as the log of a single command is, needs no heading.
      if (step === undefined && piece.step !== job && piece.step !== heading) {
        heading = piece.step;
        await session.terminal.write(`${atLineStart ? '' : '\n'}==> ${piece.step} <==\n`);
      }
      await session.terminal.write(piece.content);
      atLineStart = piece.content.at(-1) === 0x0a;
    });
    return 0;
  },
};
