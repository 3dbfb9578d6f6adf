/**
 * Runs one scenario on supervisord, on supd and on supd with compat=strict at once, and compares what each step says.
 * SIDES=supervisord,supervisord compares supervisord with itself: a scenario that fails so is not repeatable.
 * SHOW=1 tells what is said.
 */
import { type Test, test } from 'tap';
import { type Need, requireStack } from '../helpers/require.js';
import { DEPARTURES, type Departure } from './departures.js';
import { type Kind, openSide } from './side.js';
import type { Step } from './steps.js';

export interface Scenario {
  /** After the sections that every side has; without [rpcinterface:supervisor] where `bare`. */
  readonly conf: string;
  readonly bare?: boolean;
  readonly steps: readonly (Step | readonly Step[])[];
  readonly needs?: readonly Need[];
  /** Words before the daemon's. */
  readonly as?: readonly string[];
}

interface Heard extends Pick<Step, 'departs'> {
  readonly name: string;
  readonly text: string;
}

const KINDS = (process.env.SIDES ?? 'supervisord,supd,supd strict').split(',') as readonly Kind[];
export const RPC =
  '[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n';

export function scenario(name: string, { conf, bare, steps, needs = [], as }: Scenario): void {
  test(name, async (t) => {
    if (!requireStack(t, ['supervisord', 'supervisorctl', ...needs])) return;
    const text = bare ? conf : RPC + conf;
    const play = async (kind: Kind): Promise<readonly Heard[]> => {
      const side = await openSide(t, kind, text, as);
      const heard: Heard[] = [];
      for (const step of steps.flat()) {
        try {
          const said = await step.act(side);
          const parts = typeof said === 'string' ? [{ name: step.name, text: said }] : (said ?? []);
          for (const { name, text } of parts) {
            if (process.env.SHOW === '1') console.error(`${kind} $ ${name}\n${text}`);
            heard.push({ ...step, name, text });
          }
        } catch (error) {
          throw new Error(`${kind}, at "${step.name}": ${String(error)}`);
        }
      }
      return heard;
    };
    const [expected = [], ...others] = await Promise.all(KINDS.map(play));
    for (const [index, heard] of others.entries()) compare(t, KINDS[index + 1]!, expected, heard);
  });
}

function compare(t: Test, kind: Kind, expected: readonly Heard[], heard: readonly Heard[]): void {
  t.equal(heard.length, expected.length, `${kind}: it went on to the end`);
  for (const [index, { name, departs, text }] of expected.entries()) {
    const other = heard[index]?.text;
    const departure: Departure | undefined = departs && DEPARTURES[departs];
    if (departure && kind !== 'supervisord') {
      says(t, text, departure.supervisord, `supervisord, where ${kind} departs: ${name}`);
      if (kind === 'supd' || departure.strict === 'as supd') {
        says(t, other ?? '', departure.supd, `${kind} departs: ${name}`);
        continue;
      }
    }
    t.equal(other, text, `${kind}: ${name}`);
  }
}

function says(t: Test, text: string, wanted: string | RegExp, name: string): void {
  if (typeof wanted === 'string') t.equal(text, wanted, name);
  else t.match(text, wanted, name);
}
