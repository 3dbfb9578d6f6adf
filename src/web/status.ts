/** `/`: every process with what can be done to it, the jobs, and what does not work just now. */
import type { Api, JobView, ProcessView } from '../api/api.js';
import { namespecOf } from '../xmlrpc/names.js';
import type { PageAnswer } from '../xmlrpc/pages.js';
import type { Verb } from './changes.js';
import { type Html, html } from './html.js';
import { page } from './layout.js';
import { localTime } from './times.js';

/** What is made of the page in one turn. */
const TURN_MS = 4;

interface Shown {
  readonly token: string;
  readonly message?: string | undefined;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** As all is just now; a thousand rows take several turns of the daemon's loop. */
export async function statusPage(api: Api, { token, ...shown }: Shown): Promise<PageAnswer> {
  const { version, identifier, pid, startTime, conditions } = api.daemon();
  const jobs = api.jobs();
  const processes = await processTable(api.processes([], 'brief').processes);
  const body = html`<form method="post" action="./">
<input type="hidden" name="token" value="${token}">
<p><button name="action" value="refresh">Refresh</button>
<button name="action" value="restartall">Restart All</button>
<button name="action" value="stopall">Stop All</button>
<label>Reason <input name="reason" maxlength="200" autocomplete="off"></label></p>
${processes}
</form>
${conditions.length === 0 ? undefined : html`<h2>Does not work just now</h2><ul class="bad">${conditions.map((one) => html`<li>${one}</li>`)}</ul>`}
${jobs.length === 0 ? undefined : jobTable(jobs)}
<footer><nav><a href="mainlogtail">Main log</a></nav>
<p>supd ${version}, ${identifier}, pid ${pid}, since ${localTime(startTime)}</p></footer>`;
  return page({ title: 'supd status', body, ...shown });
}

async function processTable(processes: readonly ProcessView[]): Promise<Html> {
  if (processes.length === 0) return html`<p>No programs to manage</p>`;
  const rows: Html[] = [];
  let begun = performance.now();
  for (const process of processes) {
    if (performance.now() - begun > TURN_MS) {
      await new Promise(setImmediate);
      begun = performance.now();
    }
    rows.push(processRow(process));
  }
  return html`<table>
<thead><tr><th scope="col">State</th><th scope="col">Description</th><th scope="col">Name</th><th scope="col">Ready</th>
<th scope="col">Health</th><th scope="col">Action</th></tr></thead>
<tbody>${rows}</tbody>
</table>`;
}

function processRow(process: ProcessView): Html {
  const name = namespecOf(process);
  const { state, description, ready, health, waitingFor, rolling, logFailure } = process;
  const more = [
    waitingFor.length > 0 && !description.startsWith('waits for') ? `waits for ${waitingFor.join(', ')}` : '',
    rolling === '' ? '' : `rolling restart: ${rolling}`,
    logFailure === '' ? '' : `log: ${logFailure}`,
  ].filter((one) => one !== '');
  return html`
<tr><td class="state"><span class="${toneOf(state)}">${state.toLowerCase()}</span></td>
<td>${description}${more.map((one) => html`<br><span class="bad">${one}</span>`)}</td>
<th scope="row"><a href="tail.html?processname=${encodeURIComponent(name)}">${name}</a></th>
<td>${state === 'RUNNING' ? (ready ? 'yes' : html`<span class="bad">no</span>`) : ''}</td>
<td>${health === 'unhealthy' ? html`<span class="bad">${health}</span>` : health}</td>
<td class="acts">${verbsOf(state).map(([verb, words]) => button(verb, words, process))}
${(['stdout', 'stderr'] as const).map((channel) => tailLink(process, channel))}</td></tr>`;
}

function button(verb: Verb, words: string, { group, name }: ProcessView): Html {
  return html`<button name="action" value="${`${verb} ${group}:${name}`}">${words}</button> `;
}

/** Followed; what has no log of its own has no link. */
function tailLink(process: ProcessView, channel: 'stdout' | 'stderr'): Html | undefined {
  if (process[`${channel}Logfile`] === '') return undefined;
  const id = encodeURIComponent(`${process.group}:${process.name}`);
  return html`<a href="logtail/${id}/${channel}">Tail -f ${channel}</a> `;
}

function verbsOf(state: ProcessView['state']): readonly (readonly [Verb, string])[] {
  const clear = ['clearlog', 'Clear Log'] as const;
  switch (state) {
    case 'RUNNING':
    case 'STARTING':
    case 'BACKOFF':
      return [['restart', 'Restart'], ['stop', 'Stop'], clear];
    case 'STOPPED':
    case 'EXITED':
    case 'FATAL':
      return [['start', 'Start'], clear];
    case 'STOPPING':
    case 'UNKNOWN':
      return [clear];
    default:
      return state satisfies never;
  }
}

function toneOf(state: ProcessView['state']): string {
  if (state === 'RUNNING') return 'good';
  return state === 'FATAL' || state === 'BACKOFF' || state === 'UNKNOWN' ? 'bad' : 'dim';
}

function jobTable(jobs: readonly JobView[]): Html {
  return html`<h2>Jobs</h2>
<table>
<thead><tr><th scope="col">Job</th><th scope="col">Schedule</th><th scope="col">Next run</th><th scope="col">Last run</th>
<th scope="col">Overdue</th></tr></thead>
<tbody>${jobs.map((job) => jobRow(job, jobs))}</tbody>
</table>`;
}

function jobRow(job: JobView, jobs: readonly JobView[]): Html {
  const { spec, nextRun, lastRun, lastGood, overdue, overdueReason } = job;
  const outcome = lastRun?.outcome;
  const tone = outcome === 'ok' ? 'good' : outcome === 'running' || outcome === undefined ? 'dim' : 'bad';
  const at = lastRun ? (lastRun.endTime ?? lastRun.startTime) : lastGood;
  // What ran as a step alone has no run of its own.
  const hasRunAsStep = () =>
    jobs.some((one) => one.lastRun?.steps.some(({ name }) => name === spec.name) ?? false);
  const never = lastGood !== undefined ? 'well as a step' : hasRunAsStep() ? 'as a step' : 'never run';
  return html`
<tr><th scope="row">${spec.name}</th><td>${spec.schedule ?? ''} ${spec.schedule ? spec.timezone : undefined}</td>
<td>${nextRun === undefined ? '' : localTime(nextRun)}</td>
<td><span class="${tone}">${outcome ?? never}</span> ${at === undefined ? '' : localTime(at)}
${lastRun?.reason ? html`<br>${lastRun.reason}` : undefined}</td>
<td>${overdue ? html`<span class="bad">${overdueReason || 'yes'}</span>` : ''}</td></tr>`;
}
