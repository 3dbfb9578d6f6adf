import type { ProcessView, ServiceHealth } from '../../grpc/client.js';
import type { Command } from '../command.js';
import { document } from '../render/json.js';
import { fullName } from '../render/names.js';
import { tableLines } from '../render/table.js';

export const health: Command = {
  name: 'health',
  summary: 'show who serves: supd itself, and each program that is ready and well',
  help: [
    'health                 supd and all programs, as gRPC health checks (grpc.health.v1) see them',
    'health NAME…           a process, group:process or a group',
    '  --json               one array of objects',
    'Exits 1 when one of them does not serve, 4 when supd cannot be asked.',
  ],
  flags: { '--json': 'switch' },
  reach: 'status',
  completes: 'processes',
  async run({ client, terminal, signal }, flags) {
    const names = flags.words.includes('all') ? [] : flags.words;
    const [services, { processes }] = await Promise.all([
      client().listHealth({ signal }),
      client().listProcesses({}, { signal }),
    ]);
    const views = new Map(processes.map((one) => [fullName(one), one]));
    const isMeant = ({ service }: ServiceHealth, name: string) => {
      const view = views.get(service);
      return service === name || (view !== undefined && isNamed(view, name));
    };
    const shown =
      names.length === 0 ? services : services.filter((one) => names.some((name) => isMeant(one, name)));
    const unknown = names.filter((name) => !services.some((one) => isMeant(one, name)));
    if (flags.has('--json'))
      terminal.line(document(shown.map((one) => healthJson(one, views.get(one.service)))));
    else
      for (const line of tableLines(shown.map((one) => row(one, views.get(one.service)))))
        terminal.line(line);
    for (const name of unknown) terminal.hint(`${name}: ERROR (no such process)`);
    return unknown.length > 0 || shown.some(({ status }) => status !== 'SERVING') ? 1 : 0;
  },
};

function isNamed({ name, group }: ProcessView, target: string): boolean {
  return [name, `${group}:${name}`, group, `${group}:*`].includes(target);
}

function row({ service, status }: ServiceHealth, view: ProcessView | undefined): readonly string[] {
  if (!view) return [service === '' ? 'supd' : service, status];
  return [service, status, [view.state, view.health].filter(Boolean).join(', '), view.description];
}

function healthJson({ service, status }: ServiceHealth, view: ProcessView | undefined) {
  const { state = null, ready = null, health: word = null } = view ?? {};
  return { service, status, state, ready, health: word };
}
