/** Due times of a job that adds the id of each of its runs to a file, against the records of its runs. */
import type { Test } from 'tap';
import type { Place } from '../helpers/place.js';
import type { Supd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

/** Ids of the runs in which the step ran, as it noted them itself. */
export function ticks(place: Place): readonly string[] {
  return place.read('ticks').trim().split('\n');
}

export async function moreTicks(place: Place): Promise<void> {
  const before = ticks(place).length;
  await until('the job to run on', () => ticks(place).length > before + 1);
}

/** Each due time, every two seconds, is a run of its own, whose record says what happened; none ran twice. */
export async function everyDueTimeRan(t: Test, supd: Supd): Promise<void> {
  const runs = await supd.client.listRuns({ job: 'clock', limit: 1000 });
  const ended = runs.filter(({ outcome }) => outcome !== 'running');
  const ran = ticks(supd);
  t.equal(new Set(ran).size, ran.length, 'none twice');
  const wrong = ended.filter(({ id, outcome }) => (outcome === 'ok') !== ran.includes(id));
  t.same(wrong, [], 'a record for each');
  const dues = runs.map(({ dueTime }) => dueTime).reverse();
  const gaps = dues.filter((due, index) => index > 0 && Number(due) - Number(dues[index - 1]) !== 2000);
  // Of several that were missed together one record tells.
  const missed = runs.filter(({ outcome }) => outcome === 'skipped');
  const told = runs.map(({ id, outcome }) => `${id} ${outcome}`).join('\n');
  t.ok(gaps.length <= missed.length, `none missing:\n${told}`);
}
