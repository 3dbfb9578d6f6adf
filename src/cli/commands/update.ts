import { CallFailure, type GroupChange, type MemberChange, type UpdateStep } from '../../grpc/client.js';
import { heldBack } from '../change.js';
import type { Command } from '../command.js';
import { ndjson } from '../render/json.js';
import { fullName } from '../render/names.js';
import { drain, leaveWait } from '../wait.js';

export const update: Command = {
  name: 'update',
  summary: 'read the configuration again and make what runs agree with it',
  help: [
    'update                 stops and removes what is gone, adds what is new; of what changed it restarts only the',
    '                       processes that must be, the others change as they run (see: plan)',
    'update GROUP…          only these groups',
    'update all             the same as update',
    '  --force              go on although a job holds a program; else it waits for the job',
    '  --no-wait            refuse such a group instead, and do the others',
    '  --reason TEXT        why, for the log of supd',
    '  --json               one JSON object per line and change',
  ],
  flags: { '--force': 'switch', '--no-wait': 'switch', '--json': 'switch', '--reason': 'value' },
  reach: 'plain',
  completes: 'groups',
  async run(session, flags) {
    const { client, terminal, signal } = session;
    const groups = flags.words.includes('all') ? [] : flags.words;
    const reason = flags.value('--reason');
    const request = {
      groups,
      tellMembers: true,
      ...(reason === undefined ? {} : { reason }),
      ...(flags.has('--no-wait') ? { noWait: true } : {}),
      ...heldBack(session, flags),
    };
    let exit = 0;
    try {
      const ended = await drain(session, client().updateGroups(request, { signal }), async (change) => {
        if (hasFailed(change)) exit = 1;
        await terminal.write(`${flags.has('--json') ? ndjson(change) : stepLine(change)}\n`);
        if (!('action' in change) && change.change === 'FAILED' && change.message !== '') {
          terminal.hint(`supctl: ${change.group}: ${change.message}`);
        }
      });
      if (!ended) return leaveWait(session, 'the update', 'status');
    } catch (error) {
      if (!(error instanceof CallFailure && error.code === 'SHUTTING_DOWN')) throw error;
      terminal.line('ERROR: already shutting down');
      return 1;
    }
    return exit;
  },
};

function hasFailed(step: UpdateStep): boolean {
  return 'action' in step ? step.action === 'FAILED' : step.change === 'FAILED' || step.change === 'UNKNOWN';
}

function stepLine(step: UpdateStep): string {
  return 'action' in step ? memberLine(step) : changeLine(step);
}

/** "web:b: restarted (command)". */
function memberLine({ action, message, ...names }: MemberChange): string {
  const name = fullName(names);
  const more = message === '' ? '' : ` (${message})`;
  switch (action) {
    case 'STOPPED':
      return `${name}: stopped${more}`;
    case 'RESTARTED':
      return `${name}: restarted${more}`;
    case 'STARTED':
      return `${name}: started${more}`;
    case 'CHANGED':
      return `${name}: changed without a restart${more}`;
    case 'FAILED':
      return `${name}: ERROR${more}`;
    default:
      return action satisfies never;
  }
}

function changeLine({ group, change }: GroupChange): string {
  switch (change) {
    case 'STOPPED':
      return `${group}: stopped`;
    case 'REMOVED':
      return `${group}: removed process group`;
    case 'UPDATED':
      return `${group}: updated process group`;
    case 'ADDED':
      return `${group}: added process group`;
    case 'FAILED':
      return `${group}: has problems; not removing`;
    case 'UNKNOWN':
      return `ERROR: no such group: ${group}`;
    default:
      return change satisfies never;
  }
}
