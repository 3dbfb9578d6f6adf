/** Values <-> XML, both ways, against itself and against Python's xmlrpc.client. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { test } from 'tap';
import { decodeCall, decodeResponse } from '../../src/xmlrpc/codec/decode.js';
import { encodeCall, encodeFault, encodeResponse } from '../../src/xmlrpc/codec/encode.js';
import { NotXmlRpc, type Value } from '../../src/xmlrpc/codec/value.js';
import { requireStack } from '../helpers/require.js';

/** What XML can say: no control characters but tab and line ends, no half pairs, no non-characters. */
const text = fc
  .oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.constantFrom('&', '<', '>', '"', '\r', '\n', '\t', ']]>', ' ', 'a') }),
  )
  .filter((one) => !/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Cs}/u.test(one));
const whole = fc.oneof(fc.maxSafeInteger(), fc.integer());
const second = fc
  .date({ min: new Date('0100-01-02'), max: new Date('9999-12-30'), noInvalidDate: true })
  .map((date) => new Date(date.setMilliseconds(0)))
  // An hour that the clocks go over twice has one name only.
  .filter((date) => decodeDateOf(date) === date.getTime());

function decodeDateOf(date: Date): number {
  return new Date(
    date.getFullYear(),
    date.getMonth(),
    date.getDate(),
    date.getHours(),
    date.getMinutes(),
    date.getSeconds(),
  ).getTime();
}

const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    text,
    whole,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    second,
    fc.uint8Array(),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(text, tie('value'), { maxKeys: 5 }),
  ),
}));

test('what is encoded is decoded to the same values', async (t) => {
  fc.assert(
    fc.property(text, fc.array(value, { maxLength: 4 }), (name, params) => {
      const method = `m${name}`;
      t.same(decodeCall(encodeCall({ method, params })), { method, params });
    }),
  );
  fc.assert(
    fc.property(value, (one) => {
      t.same(decodeResponse(encodeResponse(one)), { ok: true, value: one });
    }),
  );
  fc.assert(
    fc.property(fc.integer(), text, (code, message) => {
      t.same(decodeResponse(encodeFault({ code, message })), { ok: false, fault: { code, message } });
    }),
  );
});

test('garbage is refused in words, and never anything else', async (t) => {
  const piece = fc.constantFrom(
    '<methodCall>',
    '</methodCall>',
    '<methodName>a.b</methodName>',
    '<params>',
    '</params>',
    '<param>',
    '</param>',
    '<value>',
    '</value>',
    '<int>',
    '</int>',
    '<struct/>',
    '<array><data>',
    '</data></array>',
    '<![CDATA[',
    ']]>',
    '<!--',
    '-->',
    '<?',
    '?>',
    '&amp;',
    '&#x0;',
    '&lol;',
    '5',
    '<a b="',
    '">',
  );
  const garbage = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece).map((pieces) => pieces.join('')),
  );
  for (const decode of [decodeCall, decodeResponse]) {
    fc.assert(
      fc.property(garbage, (xml) => {
        try {
          decode(xml);
        } catch (error) {
          t.ok(error instanceof NotXmlRpc, String(error));
        }
      }),
    );
  }
});

const call = (inside: string) =>
  `<methodCall><methodName>m</methodName><params><param>${inside}</param></params></methodCall>`;

test('each standard type is taken, and a value without a type is a string', async (t) => {
  const read = (inside: string) => decodeCall(call(inside)).params[0];
  t.equal(read('<value> a &lt; b&#x41; </value>'), ' a < bA ');
  t.equal(read('<value></value>'), '');
  t.equal(read('<value/>'), '');
  t.equal(read('<value><string/></value>'), '');
  t.equal(read('<value><string><![CDATA[<&amp;>]]>&amp;</string></value>'), '<&amp;>&');
  t.equal(read('<value>\n<i4>-5</i4>\n</value>'), -5);
  t.equal(read('<value><int> +7 </int></value>'), 7);
  t.equal(read('<value><i8>9007199254740991</i8></value>'), Number.MAX_SAFE_INTEGER);
  t.equal(read('<value><boolean>1</boolean></value>'), true);
  t.equal(read('<value><double>-1.5e3</double></value>'), -1500);
  t.same(
    read('<value><dateTime.iso8601>20261126T10:35:07</dateTime.iso8601></value>'),
    new Date(2026, 10, 26, 10, 35, 7),
  );
  t.same(read('<value><base64>\naGkA\n</base64></value>'), Buffer.from('hi\0'));
  t.same(read('<value><array><data></data></array></value>'), []);
  t.equal(read('<value><nil/></value>'), null);
  const proto = read(
    '<value><struct><member><name>__proto__</name><value>x</value></member></struct></value>',
  );
  t.same(Object.keys(proto as object), ['__proto__'], 'a member is never anything but a member');
  t.same(decodeCall('<methodCall><methodName>m</methodName></methodCall>').params, [], 'no <params> is none');
});

test('what would make the parser do more than read is refused', async (t) => {
  const refused = (xml: string) => t.throws(() => decodeCall(xml), NotXmlRpc, xml.slice(0, 60));
  refused(`<!DOCTYPE a [<!ENTITY lol "lol">]>${call('<value>&lol;</value>')}`);
  refused(call('<value>&lol;</value>'));
  refused(call('<value>&#0;</value>'));
  refused(call(`${'<value><array><data>'.repeat(50)}${'</data></array></value>'.repeat(50)}`));
  refused(`${'<a>'.repeat(100_000)}`);
  refused(call('<value/>').replace('<value/>', '<value><struct/><struct/></value>'));
  refused(call(`<value><array><data>${'<value/>'.repeat(500_000)}</data></array></value>`));
  refused(call('<value><int>5.0</int></value>'));
  refused(call('<value><int>99999999999999999999</int></value>'));
  refused(call('<value><double>NaN</double></value>'));
  refused(call('<value><boolean>2</boolean></value>'));
  refused(call('<value><base64>a</base64></value>'));
  refused(call('<value><what/></value>'));
  refused('<methodCall></methodCall>');
  refused('<methodResponse/>');
  refused('');
  refused(`${call('<value/>')}${call('<value/>')}`);
});

test('text that XML cannot say reaches the client as something that it can read', async (t) => {
  const sent = 'a\0b\x1b[31mc\u{1f600}\ud800\uffff\x7f\u0085';
  t.same(decodeResponse(encodeResponse(sent)), {
    ok: true,
    value: 'a\u2400b\u241b[31mc\u{1f600}\ufffd\ufffd\x7f\u0085',
  });
});

/** Reads a response and says what Python makes of it; or, for `encode`, lets Python write one. */
const PYTHON = `
import sys, xmlrpc.client as x
for text in sys.stdin.buffer.read().decode().split('\\x00'):
    try:
        (value,), method = x.loads(text, use_builtin_types=True)
        print(repr(value))
    except x.Fault as fault:
        print('Fault', fault.faultCode, repr(fault.faultString))
`;

test("Python's xmlrpc.client reads values of the same types", async (t) => {
  if (!requireStack(t, ['python3'])) return;
  const samples: readonly (readonly [string, string])[] = [
    [encodeResponse('ä<&>\r\n]]>'), String.raw`'ä<&>\r\n]]>'`],
    [encodeResponse(''), "''"],
    [encodeResponse(5), '5'],
    [encodeResponse(-(2 ** 31)), '-2147483648'],
    [encodeResponse(2 ** 40), '1099511627776'],
    [encodeResponse(0.5), '0.5'],
    [encodeResponse(1e300), '1e+300'],
    [encodeResponse(true), 'True'],
    [encodeResponse(null), 'None'],
    [encodeResponse(Buffer.from('a\0')), String.raw`b'a\x00'`],
    [encodeResponse(new Date(2026, 10, 26, 10, 35, 7)), 'datetime.datetime(2026, 11, 26, 10, 35, 7)'],
    [encodeResponse([1, 'a', [], {}]), "[1, 'a', [], {}]"],
    [encodeResponse({ a: { b: [false] } }), "{'a': {'b': [False]}}"],
    [encodeResponse('\x1b[0m'), "'␛[0m'"],
    [encodeFault({ code: 10, message: 'BAD_NAME: x' }), "Fault 10 'BAD_NAME: x'"],
  ];
  const answer = execFileSync('python3', ['-c', PYTHON], {
    input: samples.map(([xml]) => xml).join('\0'),
    encoding: 'utf8',
    env: { ...process.env, PYTHONIOENCODING: 'utf8' },
  });
  t.same(
    answer.trimEnd().split('\n'),
    samples.map(([, python]) => python),
  );
});

test("what Python's xmlrpc.client writes is read", async (t) => {
  if (!requireStack(t, ['python3'])) return;
  const script =
    "import sys, xmlrpc.client as x; sys.stdout.write(x.dumps(('ä <&>', 5, -1.5, True, [1, {'a': b'hi'}], None), 'a.b', allow_none=True))";
  const xml = execFileSync('python3', ['-c', script], {
    encoding: 'utf8',
    env: { ...process.env, PYTHONIOENCODING: 'utf8' },
  });
  t.same(decodeCall(xml), {
    method: 'a.b',
    params: ['ä <&>', 5, -1.5, true, [1, { a: Buffer.from('hi') }], null],
  });
});
