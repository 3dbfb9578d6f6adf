/** All commands, by name: what `help` shows and the runner looks in. */
import type { Command } from '../command.js';
import { add } from './add.js';
import { avail } from './avail.js';
import { check } from './check.js';
import { clear } from './clear.js';
import { completion } from './completion.js';
import { events } from './events.js';
import { fg } from './fg.js';
import { health } from './health.js';
import { help } from './help.js';
import { job } from './job.js';
import { jobCancel } from './job-cancel.js';
import { jobList } from './job-list.js';
import { jobLog } from './job-log.js';
import { jobNext } from './job-next.js';
import { jobRun } from './job-run.js';
import { jobRuns } from './job-runs.js';
import { logs } from './logs.js';
import { maintail } from './maintail.js';
import { notify } from './notify.js';
import { notifyTest } from './notify-test.js';
import { open } from './open.js';
import { pid } from './pid.js';
import { plan } from './plan.js';
import { exit, quit } from './quit.js';
import { reload } from './reload.js';
import { reloadProgram } from './reload-program.js';
import { remove } from './remove.js';
import { reread } from './reread.js';
import { restart } from './restart.js';
import { shutdown } from './shutdown.js';
import { signal } from './signal.js';
import { start } from './start.js';
import { status } from './status.js';
import { stop } from './stop.js';
import { tail } from './tail.js';
import { top } from './top.js';
import { update } from './update.js';
import { upgrade } from './upgrade.js';
import { version } from './version.js';
import { wait } from './wait.js';
import { why } from './why.js';

export const commands: readonly Command[] = [
  add,
  avail,
  check,
  clear,
  completion,
  events,
  exit,
  fg,
  health,
  help,
  job,
  jobCancel,
  jobList,
  jobLog,
  jobNext,
  jobRun,
  jobRuns,
  logs,
  maintail,
  notify,
  notifyTest,
  open,
  pid,
  plan,
  quit,
  reload,
  reloadProgram,
  remove,
  reread,
  restart,
  shutdown,
  signal,
  start,
  status,
  stop,
  tail,
  top,
  update,
  upgrade,
  version,
  wait,
  why,
];
