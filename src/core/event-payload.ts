/** What a listener reads of an event: the header line and the payload, supervisord's byte for byte. */
import type { SupervisorEvent } from './event-types.js';
import type { StateChange } from './program.js';

/** What an envelope says beside its event. */
export interface Envelope {
  /** `identifier` of the daemon. */
  readonly server: string;
  readonly serial: number;
  readonly pool: string;
  readonly poolSerial: number;
  readonly type: string;
  readonly payload: string;
  /** What `len` counts. */
  readonly eventLength: 'characters' | 'bytes';
}

/** The header line and the payload, to be sent as UTF-8. No line end follows. */
export function envelopeOf(envelope: Envelope): string {
  const { server, serial, pool, poolSerial, type, payload, eventLength } = envelope;
  const len = eventLength === 'bytes' ? new TextEncoder().encode(payload).length : countCharacters(payload);
  return `ver:3.0 server:${server} serial:${serial} pool:${pool} poolserial:${poolSerial} eventname:${type} len:${len}\n${payload}`;
}

export function payloadOf(event: SupervisorEvent): string {
  switch (event.type) {
    case 'PROCESS_LOG_STDOUT':
      return `${originOf(event)} channel:stdout\n${textOf(event.bytes)}`;
    case 'PROCESS_LOG_STDERR':
      return `${originOf(event)} channel:stderr\n${textOf(event.bytes)}`;
    case 'PROCESS_COMMUNICATION_STDOUT':
    case 'PROCESS_COMMUNICATION_STDERR':
      return `${originOf(event)}\n${textOf(event.bytes)}`;
    case 'REMOTE_COMMUNICATION':
      return `type:${event.about}\n${event.text}`;
    case 'SUPERVISOR_STATE_CHANGE_RUNNING':
    case 'SUPERVISOR_STATE_CHANGE_STOPPING':
      return '';
    case 'TICK_5':
    case 'TICK_60':
    case 'TICK_3600':
      return `when:${event.when}`;
    case 'PROCESS_GROUP_ADDED':
    case 'PROCESS_GROUP_REMOVED':
      return `groupname:${event.group}\n`;
    default: {
      const { name, group, change } = event;
      return `processname:${name} groupname:${group} from_state:${change.from}${extraOf(change)}`;
    }
  }
}

/** Bytes as text, or as Python shows them where they are not UTF-8. */
export function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return `Undecodable: ${pythonBytes(bytes)}`;
  }
}

function originOf({ name, group, pid }: { name: string; group: string; pid: number }): string {
  return `processname:${name} groupname:${group} pid:${pid}`;
}

function extraOf(change: StateChange): string {
  switch (change.to) {
    case 'STARTING':
    case 'BACKOFF':
      return ` tries:${change.tries}`;
    case 'RUNNING':
    case 'STOPPING':
    case 'STOPPED':
      return ` pid:${change.pid}`;
    case 'EXITED':
      return ` expected:${change.expected ? 1 : 0} pid:${change.pid}`;
    case 'FATAL':
    case 'UNKNOWN':
      return '';
    default:
      return change.to satisfies never;
  }
}

/** Unicode characters, not UTF-16's halves of them. */
function countCharacters(text: string): number {
  let count = text.length;
  for (let i = 0; i + 1 < text.length; i += 1) {
    if ((text.charCodeAt(i) & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) count -= 1;
  }
  return count;
}

/** Python's repr() of bytes. */
function pythonBytes(bytes: Uint8Array): string {
  const quote = bytes.includes(0x27) && !bytes.includes(0x22) ? '"' : "'";
  let text = '';
  for (const byte of bytes) text += byte === 0x27 && quote === "'" ? "\\'" : SHOWN_BYTES[byte];
  return `b${quote}${text}${quote}`;
}

/** A table, since it may be a flood that is shown. Quotes stand for themselves here. */
const SHOWN_BYTES: readonly string[] = Array.from({ length: 256 }, (_, byte) => pythonByte(byte));

function pythonByte(byte: number): string {
  if (byte === 0x5c) return '\\\\';
  if (byte === 0x09) return '\\t';
  if (byte === 0x0a) return '\\n';
  if (byte === 0x0d) return '\\r';
  if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte);
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}
