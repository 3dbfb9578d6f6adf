/** The main log's lines about processes: supervisord's, word for word, since scripts match them. */
import type { ProcessSpec, StateChange } from '../core/program.js';
import { describeExit, isExpected } from '../core/transition.js';

export interface Line {
  readonly level: 'info' | 'warn';
  readonly text: string;
}

/** The line that a state's entering is worth; some are worth none. */
export function lineOf(spec: ProcessSpec, change: StateChange): Line | undefined {
  const { name } = spec;
  switch (change.to) {
    case 'RUNNING': {
      if (change.from === 'STOPPING')
        return warn(`${name} goes on: its rolling restart ended before its stop`);
      const seconds = Math.round(spec.startMs / 1000);
      return info(
        `success: ${name} entered RUNNING state, process has stayed up for > than ${seconds} seconds (startsecs)`,
      );
    }
    case 'BACKOFF':
      return change.exit ? warn(`exited: ${name} (${describeExit(change.exit)}; not expected)`) : undefined;
    case 'EXITED':
      return exitedLine(name, change);
    case 'STOPPED':
      return stoppedLine(spec, change);
    case 'FATAL':
      if (change.from === 'STOPPING') return warn(`gave up: ${name} entered FATAL state: ${change.why}`);
      return info(`gave up: ${name} entered FATAL state, too many start retries too quickly`);
    case 'UNKNOWN':
      return warn(`${name}: a signal could not be sent: ${change.why}; its state is not known any more`);
    case 'STOPPING':
      // Else one would read of a signal that nobody seems to have sent.
      return change.why === undefined ? undefined : warn(`${name}: ${change.why}; supd ends it`);
    case 'STARTING':
      return undefined;
    default:
      return change.to satisfies never;
  }
}

function exitedLine(name: string, change: StateChange): Line | undefined {
  if (!change.exit) return undefined;
  const how = describeExit(change.exit);
  return change.expected
    ? info(`exited: ${name} (${how}; expected)`)
    : warn(`exited: ${name} (${how}; not expected)`);
}

function stoppedLine(spec: ProcessSpec, change: StateChange): Line | undefined {
  if (!change.exit) return change.pid > 0 ? info(`stopped: ${spec.name}`) : undefined;
  const text = `stopped: ${spec.name} (${describeExit(change.exit)})`;
  return isExpected(change.exit, spec) ? info(text) : warn(text);
}

function info(text: string): Line {
  return { level: 'info', text };
}

function warn(text: string): Line {
  return { level: 'warn', text };
}
