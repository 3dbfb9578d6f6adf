/** Looks at the memory of programs that have a `max_memory`, and has those restarted that use more. */
import {
  formatSize,
  isTooMuch,
  isUrgent,
  LOOKS,
  looked,
  type MemoryRecord,
  type MemorySpec,
  whyNotNow,
} from '../core/memory.js';
import { shortName } from '../core/names.js';
import { pidOf } from '../core/transition.js';
import type { Process } from '../core/world.js';
import { Snapshot } from '../os/tree.js';
import { UsageMeter } from '../os/usage.js';
import { readNow } from './clock.js';
import type { Daemon } from './daemon.js';

const EVERY_MS = 5000;
/** One that could not be restarted is not tried again at each look. */
const RETRY_MS = 60_000;

/** @returns ends it */
export function watchMemory(daemon: Daemon): () => void {
  const meter = new UsageMeter();
  let records: ReadonlyMap<string, MemoryRecord> = new Map();
  const { memoryWaits: told } = daemon.watch;
  const tried = new Map<string, number>();
  const look = () => {
    const limited = [...daemon.engine.world.processes.values()].flatMap((process) => {
      const { memory } = process.spec;
      return memory && process.state.name === 'RUNNING' ? [{ process, memory }] : [];
    });
    // Its limit is gone, or its process is.
    for (const id of told.keys()) if (!limited.some(({ process }) => process.spec.id === id)) told.delete(id);
    if (limited.length === 0) return;
    const bytes = bytesOf(
      meter,
      limited.map(({ process }) => pidOf(process.state)),
    );
    const next = new Map(records);
    for (const { process, memory } of limited) {
      const { id } = process.spec;
      const pid = pidOf(process.state);
      next.set(id, looked(records.get(id), pid, bytes.get(pid) ?? 0, memory));
    }
    records = next;
    for (const { process, memory } of limited) judge(process, memory);
  };
  const judge = (process: Process, memory: MemorySpec) => {
    const { id, name } = process.spec;
    const record = records.get(id);
    if (!record || !isTooMuch(record)) {
      told.delete(id);
      return;
    }
    const now = readNow().mono;
    if (now - (tried.get(id) ?? Number.NEGATIVE_INFINITY) < RETRY_MS) return;
    const much = `${formatSize(record.bytes)} over max_memory=${formatSize(memory.maxBytes)} in ${LOOKS} looks`;
    const today = new Date();
    const why = whyNotNow(
      daemon.engine.world,
      process,
      record,
      memory,
      now,
      today.getHours() * 60 + today.getMinutes(),
    );
    if (why !== undefined) {
      if (told.get(id) !== why) daemon.parts.log.info(`${name}: ${much}; it waits: ${why}`);
      told.set(id, why);
      return;
    }
    tried.set(id, now);
    told.delete(id);
    daemon.parts.log.warn(`${name}: ${much}; supd restarts it`);
    daemon.rollings.begin({
      kind: 'memory',
      ids: [id],
      maxUnavailable: 1,
      force: false,
      isUrgent: isUrgent(record, memory),
      by: 'supd',
      reason: much,
    });
  };
  const off = daemon.rollings.onOver(({ kind, members }) => {
    const [member] = members;
    const record = member && records.get(member.id);
    if (kind !== 'memory' || !record || member.step.name !== 'done') return;
    records = new Map(records).set(member.id, { ...record, restarted: readNow().mono });
    const reason = `restarted by supd: ${formatSize(record.bytes)}, over its max_memory in ${LOOKS} looks`;
    const notice = { word: 'memory', kind: 'program', name: member.id, time: Date.now() } as const;
    daemon.watch.notifier.raise({ ...notice, reason, look: `why ${shortName(member.id)}` });
  });
  const timer = setInterval(look, EVERY_MS).unref();
  return () => {
    clearInterval(timer);
    off();
  };
}

/** Of each process and all that descends from it, by one look at /proc. */
function bytesOf(meter: UsageMeter, pids: readonly number[]): ReadonlyMap<number, number> {
  const snapshot = new Snapshot();
  const trees = pids.map((pid) => [pid, ...snapshot.descendants(pid).map((member) => member.pid)] as const);
  const usage = meter.look(trees.flat());
  return new Map(
    trees.map((tree) => [tree[0], tree.reduce((sum, pid) => sum + (usage.get(pid)?.memoryBytes ?? 0), 0)]),
  );
}
