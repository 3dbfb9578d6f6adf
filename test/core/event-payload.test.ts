import { test } from 'tap';
import { envelopeOf, payloadOf } from '../../src/core/event-payload.js';
import { EVENT_TYPES, type SupervisorEvent, sentTypes } from '../../src/core/event-types.js';
import type { StateChange } from '../../src/core/program.js';

const of = { name: 'p', group: 'g' };

function changed(to: StateChange['to'], more: Partial<StateChange> = {}): SupervisorEvent {
  const change = { from: 'RUNNING', to, pid: 7, tries: 2, expected: false, ...more } as const;
  return { type: `PROCESS_STATE_${to}`, ...of, change };
}

test('asking for a type gets all below it, each once, and nothing that is never sent', async (t) => {
  t.same([...sentTypes(['TICK'])], ['TICK_5', 'TICK_60', 'TICK_3600']);
  t.same([...sentTypes(['TICK_60', 'TICK', 'TICK_60'])], ['TICK_5', 'TICK_60', 'TICK_3600']);
  t.same([...sentTypes(['PROCESS_LOG'])], ['PROCESS_LOG_STDOUT', 'PROCESS_LOG_STDERR']);
  t.same([...sentTypes(['REMOTE_COMMUNICATION'])], ['REMOTE_COMMUNICATION']);
  const all = sentTypes(['EVENT']);
  t.equal(all.size, 20);
  t.same(
    EVENT_TYPES.filter((type) => !all.has(type)),
    [
      'EVENT',
      'PROCESS_STATE',
      'PROCESS_LOG',
      'PROCESS_COMMUNICATION',
      'SUPERVISOR_STATE_CHANGE',
      'TICK',
      'PROCESS_GROUP',
    ],
  );
});

test('a change of state says where from and what belongs to it', async (t) => {
  const head = 'processname:p groupname:g from_state:RUNNING';
  t.equal(payloadOf(changed('STARTING')), `${head} tries:2`);
  t.equal(payloadOf(changed('BACKOFF')), `${head} tries:2`);
  t.equal(payloadOf(changed('RUNNING')), `${head} pid:7`);
  t.equal(payloadOf(changed('STOPPING')), `${head} pid:7`);
  t.equal(payloadOf(changed('STOPPED', { pid: 0 })), `${head} pid:0`);
  t.equal(payloadOf(changed('EXITED')), `${head} expected:0 pid:7`);
  t.equal(payloadOf(changed('EXITED', { expected: true })), `${head} expected:1 pid:7`);
  t.equal(payloadOf(changed('FATAL')), head);
  t.equal(payloadOf(changed('UNKNOWN')), head);
});

test('what a process says is told with its pid and, for its log, the channel', async (t) => {
  const bytes = Buffer.from('größe\n');
  const written = { ...of, pid: 7, bytes };
  const head = 'processname:p groupname:g pid:7';
  t.equal(payloadOf({ type: 'PROCESS_LOG_STDOUT', ...written }), `${head} channel:stdout\ngröße\n`);
  t.equal(payloadOf({ type: 'PROCESS_LOG_STDERR', ...written }), `${head} channel:stderr\ngröße\n`);
  t.equal(payloadOf({ type: 'PROCESS_COMMUNICATION_STDOUT', ...written }), `${head}\ngröße\n`);
});

test('bytes that are no UTF-8 are shown as Python shows them', async (t) => {
  const shown = (bytes: readonly number[]) =>
    payloadOf({ type: 'PROCESS_COMMUNICATION_STDERR', ...of, pid: 1, bytes: Uint8Array.from(bytes) }).slice(
      32,
    );
  t.equal(shown([0xff, 0x41, 0x0a, 0x09, 0x0d, 0x00, 0x5c]), "Undecodable: b'\\xffA\\n\\t\\r\\x00\\\\'");
  t.equal(shown([0x80, 0x27]), `Undecodable: b"\\x80'"`);
  t.equal(shown([0x80, 0x27, 0x22]), `Undecodable: b'\\x80\\'"'`);
  t.equal(shown([0xef, 0xbb, 0xbf, 0x41]), '\ufeffA', 'a byte order mark stays');
});

test('the other events carry little', async (t) => {
  t.equal(payloadOf({ type: 'REMOTE_COMMUNICATION', about: 'a', text: 'b\n' }), 'type:a\nb\n');
  t.equal(payloadOf({ type: 'SUPERVISOR_STATE_CHANGE_RUNNING' }), '');
  t.equal(payloadOf({ type: 'TICK_60', when: 1201063880 }), 'when:1201063880');
  t.equal(payloadOf({ type: 'PROCESS_GROUP_ADDED', group: 'g' }), 'groupname:g\n');
});

test('the header counts characters as Python does, or bytes', async (t) => {
  const event = { server: 's', serial: 3, pool: 'l', poolSerial: 1, type: 'T', payload: 'ä€😀' };
  const header = 'ver:3.0 server:s serial:3 pool:l poolserial:1 eventname:T';
  t.equal(envelopeOf({ ...event, eventLength: 'characters' }), `${header} len:3\nä€😀`);
  t.equal(envelopeOf({ ...event, eventLength: 'bytes' }), `${header} len:9\nä€😀`);
  t.equal(envelopeOf({ ...event, payload: '', eventLength: 'characters' }), `${header} len:0\n`);
});
