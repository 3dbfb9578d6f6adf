/** `avail` and `reread`: what the configuration has, and what of it is new. */
import type { ProcessConfiguration, RereadAnswer } from '../../grpc/client.js';
import { fullName } from './names.js';

/** Name, use, way of starting and `groupprio:procprio` in supervisorctl's columns. */
export function configurationLine(one: ProcessConfiguration): string {
  const name = fullName(one).padEnd(32);
  const use = (one.inUse ? 'in use' : 'avail').padEnd(9);
  const start = (one.autostart ? 'auto' : 'manual').padEnd(9);
  return `${name} ${use} ${start} ${one.groupPriority}:${one.processPriority}`;
}

/** One line for each group, by name. */
export function rereadLines({ added, changed, removed }: RereadAnswer): readonly string[] {
  const news = new Map<string, string>();
  for (const name of added) news.set(name, 'available');
  for (const name of changed) news.set(name, 'changed');
  for (const name of removed) news.set(name, 'disappeared');
  if (news.size === 0) return ['No config updates to processes'];
  return [...news.keys()].sort().map((name) => `${name}: ${news.get(name)}`);
}
