import { constants } from 'node:os';
import { test } from 'tap';
import { SIGNAL_NAMES, signalName, signalNumber } from '../../src/core/signals.js';

test('the table agrees with this machine', async (t) => {
  for (const [name, number] of Object.entries(constants.signals)) {
    if (name === 'SIGUNUSED') continue;
    t.equal(signalNumber(name), number, name);
  }
});

test('a number comes back from its name', async (t) => {
  for (const name of SIGNAL_NAMES)
    t.equal(signalNumber(signalName(signalNumber(name) ?? -1)), signalNumber(name), name);
});

test('real-time signals and strangers are shown too', async (t) => {
  t.equal(signalName(36), 'SIGRTMIN+2');
  t.equal(signalName(200), 'signal 200');
  t.equal(signalNumber('36'), 36);
  t.equal(signalNumber('200'), undefined);
  t.equal(signalNumber(''), undefined);
});
