import fc from 'fast-check';

/** Values that break what trusts its input: each of them once broke something, somewhere. */
const TEXTS = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\uffff\ufffe',
  'ﷺ'.repeat(100),
  '💥\u202e\u200b',
  'e\u0301'.repeat(50),
  '\r\nX-Injected: 1',
  "' OR '1'='1",
  "'; DROP TABLE clusters; --",
  '") UNION SELECT 1,2,3 --',
  '../../../../etc/passwd',
  '..%2f..%2f',
  '%00',
  '%s%n%x',
  '$' + '{7*7}',
  '{{7*7}}',
  '{get_file: /etc/passwd}',
  '$(id)',
  '`id`',
  '<script>alert(1)</script>',
  '__proto__',
  'constructor',
  'toString',
  'null',
  'NaN',
  'Infinity',
  '0x10',
  '1e9999',
  '-0',
  "{'a': {'b': [1, (2,), None]}}",
  '{'.repeat(2000),
  '['.repeat(5000),
  'a'.repeat(256),
  'a'.repeat(70_000),
  `${'('.repeat(30)}${'a'.repeat(30)}!`,
  '::ffff:127.0.0.1',
  'http://169.254.169.254/latest/meta-data',
  '00000000-0000-4000-8000-000000000000',
  'AAAAAAAA-AAAA-4AAA-8AAA-AAAAAAAAAAAA',
];

const NUMBERS = [0, -1, 1, 0.5, -0, 255, 65_536, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 53, 1e21, 1e308, -1e308];

function nested(depth: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = wrap(value);
  return value;
}

const SHAPES: unknown[] = [
  null,
  true,
  false,
  [],
  {},
  [null],
  [[]],
  [''],
  [{}],
  { '': '' },
  { length: 1e9 },
  { toString: 1, valueOf: 1 },
  { 'a\u0000b': 'c' },
  { $gt: '' },
  JSON.parse('{"__proto__": {"isAdmin": true}, "constructor": {"prototype": {"x": 1}}}'),
  nested(500, (inner) => [inner]),
  nested(500, (inner) => ({ a: inner })),
  Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`key-${index}`, 'x'])),
  Array.from({ length: 3000 }, () => 0),
];

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 1, arbitrary: fc.integer().map(String) },
);

/** Any JSON value. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: hostileText },
  { weight: 2, arbitrary: fc.constantFrom(...NUMBERS) },
  { weight: 2, arbitrary: fc.constantFrom(...SHAPES) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
);

/** Bodies that are no JSON, or not only one. */
export const BROKEN_BODIES: readonly (string | Buffer)[] = [
  '',
  ' ',
  '{',
  '}',
  '[',
  '{"name": "a", "name": "b", "cluster_template_id": "x", "cluster_template_id": "y"}',
  '{"__proto__": {"a": 1}, "__proto__": null}',
  '{"a": 1}{"b": 2}',
  "{'a': 1}",
  '{"a": NaN}',
  '{"a": 01}',
  '{"a": "\\ud800"}',
  '{"a": "\\u0000"}',
  '"text"',
  '3',
  'null',
  'true',
  '\ufeff{}',
  '/* */ {}',
  '{"node_count": 1e400}',
  '{"node_count": -0}',
  `{"labels": ${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`,
  '['.repeat(100_000),
  `[${'[],'.repeat(20_000)}[]]`,
  `{"name": "${'x'.repeat(200_000)}"}`,
  `{"name": "${'x'.repeat(1_100_000)}"}`,
  Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
  Buffer.from([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]),
  Buffer.alloc(1000),
];

export const MEDIA_TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'application/json-patch+json',
  'application/octet-stream',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/xml',
  'application/json;charset=utf-16',
  '*/*',
  ';',
  '',
];

export const VERSIONS = [
  'container-infra 1.14',
  'container-infra 1.1',
  'container-infra 1.9',
  'container-infra latest',
  'container-infra 1.99',
  'container-infra 9999999999999999999999.1',
  'container-infra',
  'container-infra 1.',
  'container-infra -1.1',
  'nova 2.1, container-infra 1.7',
  'latest',
  ',,,',
  '1.1',
];
