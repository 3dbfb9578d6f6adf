import { CallFailure, type Outcome, type RunAnswer } from '../../grpc/client.js';
import { type Command, oneName, type Session } from '../command.js';
import type { Flags } from '../flags.js';
import { ndjson, runJson } from '../render/json.js';
import { isAlone, planLines, progressLine, runLine, saidLast, stepLine } from '../render/runs.js';
import { drain, leaveWait } from '../wait.js';

export const jobRun: Command = {
  name: 'job run',
  summary: 'run a job now',
  help: [
    'job run NAME           runs it and waits for its end, one line for each step',
    '  --from STEP          resume at this step',
    '  --dry-run            only say what would run',
    '  --no-wait            answer as soon as it runs',
    '  --reason TEXT        why, for the log of supd',
    '  --json               the run at each change, one JSON object per line',
    'Exits 0 when the run is ok, 3 degraded, 1 failed or cancelled, 75 skipped.',
  ],
  flags: {
    '--from': 'value',
    '--dry-run': 'switch',
    '--no-wait': 'switch',
    '--reason': 'value',
    '--json': 'switch',
  },
  reach: 'usual',
  completes: 'jobs',
  async run(session, flags) {
    const job = oneName('job run', flags);
    const fromStep = flags.value('--from');
    const reason = flags.value('--reason');
    const request = {
      job,
      ...(fromStep === undefined ? {} : { fromStep }),
      ...(reason === undefined ? {} : { reason }),
      ...(flags.has('--dry-run') ? { dryRun: true } : {}),
    };
    const shown = new Set<string>();
    let last: RunAnswer | undefined;
    try {
      const stream = session.client().runJob(request, { signal: session.signal });
      const ended = await drain(session, stream, async (run) => {
        last = run;
        await show(session, flags, run, shown);
        return flags.has('--no-wait') ? 'enough' : undefined;
      });
      if (!ended) return leaveWait(session, `the run of ${job}`, `job runs ${job}`);
    } catch (error) {
      if (!(error instanceof CallFailure && error.code === 'ALREADY_RUNNING')) throw error;
      session.terminal.line(`${job}: skipped: ${error.message}`);
      return exitOf.skipped;
    } finally {
      session.terminal.settle();
    }
    if (!last || flags.has('--dry-run')) return 0;
    return flags.has('--no-wait') && last.outcome === 'running' ? 0 : exitOf[last.outcome];
  },
};

/** 75 is EX_TEMPFAIL: nothing was done, another time it may be. A run that is still going has lost its end. */
const exitOf: Readonly<Record<Outcome, number>> = {
  ok: 0,
  failed: 1,
  cancelled: 1,
  degraded: 3,
  skipped: 75,
  running: 1,
};

/** What is new in the run since it was last shown. */
async function show(session: Session, flags: Flags, run: RunAnswer, shown: Set<string>): Promise<void> {
  const { terminal } = session;
  if (flags.has('--json')) return terminal.write(`${ndjson(runJson(run))}\n`);
  if (flags.has('--dry-run')) {
    for (const line of planLines(run)) terminal.line(line);
    return;
  }
  if (!isAlone(run)) for (const line of newSteps(run, shown)) terminal.line(line);
  if (run.outcome === 'running') {
    if (flags.has('--no-wait')) terminal.line(`${run.job}: started (run ${run.id})`);
    else terminal.showProgress(() => progressLine(run, session.now()));
    return;
  }
  terminal.settle();
  terminal.line(runLine(run));
  if (run.outcome === 'failed' || run.outcome === 'degraded') {
    for (const line of saidLast(run)) terminal.hint(line);
    terminal.hint(`supctl: see: ${session.again(`job log ${run.job} --run ${run.id}`)}`);
  }
}

function newSteps(run: RunAnswer, shown: Set<string>): readonly string[] {
  const lines: string[] = [];
  for (const step of run.steps) {
    if (step.outcome === 'waiting' || step.outcome === 'running' || shown.has(step.name)) continue;
    shown.add(step.name);
    lines.push(stepLine(run, step));
  }
  return lines;
}
