/** What a soak must not exceed, and whether it did. */
import { median, quantile, slope } from './numbers.js';
import type { Sample } from './samples.js';

/** One bound, in words and numbers. */
export interface Finding {
  readonly what: string;
  readonly found: string;
  readonly bound: string;
  readonly holds: boolean;
  /** What else helps to find out why it does not hold. */
  readonly more?: string;
}

/** Caches fill, V8 finds its heap's size, the log of events becomes full: what comes before is no growth. */
const WARM_UP_PART = 0.4;
const WARM_UP_MOST_SECONDS = 600;
/** Resident memory goes up and down by so much with V8's collections, however long it takes. */
const BREATH_MIB = 8;
const GROWTH_MIB_PER_HOUR = 4;
const LATENCY_P99_MS = 250;
/** libuv's, which come with the first work for them and stay. */
const POOL_THREADS = 4;

export interface Measured {
  /** With everybody there, and without. */
  readonly before: readonly Sample[];
  readonly loaded: readonly Sample[];
  readonly after: readonly Sample[];
  readonly latencies: readonly number[];
  /** How many files the journal may have. */
  readonly mostFiles: number;
}

export function judge({ before, loaded, after, latencies, mostFiles }: Measured): readonly Finding[] {
  return [
    growth(loaded),
    sameAgain(before, after),
    atMost(
      'threads',
      Math.max(...after.map(({ threads }) => threads)),
      Math.max(...before.map(({ threads }) => threads)) + POOL_THREADS,
      '',
    ),
    atMost('files in rundir and statedir', median(after.map(({ files }) => files)), mostFiles, ''),
    atMost('answer of getDaemon, p99', quantile(latencies, 0.99), LATENCY_P99_MS, ' ms'),
  ];
}

/** A slope over all that is no warm-up, and a bound that gets stricter the longer it was looked at. */
function growth(loaded: readonly Sample[]): Finding {
  const [first, last] = [loaded[0]?.seconds ?? 0, loaded.at(-1)?.seconds ?? 0];
  const warm = first + Math.min(WARM_UP_MOST_SECONDS, WARM_UP_PART * (last - first));
  const points = loaded
    .filter(({ seconds }) => seconds >= warm)
    .map(({ seconds, residentMib }) => [seconds / 3600, residentMib] as const);
  const hours = (last - warm) / 3600;
  const bound = GROWTH_MIB_PER_HOUR + BREATH_MIB / hours;
  const found = slope(points);
  const mib = median(points.map(([, y]) => y));
  return {
    what: 'resident memory',
    found: `${found >= 0 ? '+' : ''}${found.toFixed(1)} MiB/h at ${mib.toFixed(1)} MiB`,
    bound: `+${bound.toFixed(1)} MiB/h (${GROWTH_MIB_PER_HOUR}, and ${BREATH_MIB} MiB in all)`,
    holds: found <= bound,
  };
}

/** What comes and goes is gone: the least that is open when all is quiet again is what it was. */
function sameAgain(before: readonly Sample[], after: readonly Sample[]): Finding {
  const [then, now] = [leastOpen(before), leastOpen(after)];
  const more = [...now.open]
    .map(([kind, count]) => [kind, count - (then.open.get(kind) ?? 0)] as const)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 10)
    .map(([kind, count]) => `    ${count} more: ${kind}`);
  return { ...atMost('file descriptors', now.descriptors, then.descriptors, ''), more: more.join('\n') };
}

export function leastOpen(samples: readonly Sample[]): Sample {
  return samples.reduce((least, one) => (one.descriptors < least.descriptors ? one : least));
}

function atMost(what: string, found: number, bound: number, unit: string): Finding {
  const show = (value: number) => `${Number.isInteger(value) ? value : value.toFixed(1)}${unit}`;
  return { what, found: show(found), bound: `at most ${show(bound)}`, holds: found <= bound };
}

/** What has to be empty, or says what is wrong. */
export function none(what: string, wrong: readonly string[]): Finding {
  const shown = [...new Set(wrong)].slice(0, 5).join('\n    ');
  return {
    what,
    found: wrong.length === 0 ? 'none' : `${wrong.length}:\n    ${shown}`,
    bound: 'none',
    holds: wrong.length === 0,
  };
}
