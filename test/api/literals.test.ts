import fc from 'fast-check';
import { findJsonError } from '../../api/json-error.js';
import { parsePythonLiteral } from '../../api/python-literal.js';

describe('Python literals', () => {
  it.each([
    ["{'a': 'b', 'c': 1}", { a: 'b', c: 1 }],
    ['{"a": "b"}', { a: 'b' }],
    ['{ }', {}],
    ['{\'it\\\'s\': "say \\"x\\""}', { "it's": 'say "x"' }],
    ["{'a': True, 'b': False, 'c': None,}", { a: true, b: false, c: null }],
    ['[1, -2.5, +3, 1e3, .5]', [1, -2.5, 3, 1000, 0.5]],
    ["('a', ['b', {}])", ['a', ['b', {}]]],
    ['{1: 2}', { 1: 2 }],
    ["u'\\u00e9\\x41\\n\\q'", 'éA\n\\q'],
    ["\n 'x' ", 'x'],
  ])('are read: %s', (text, value) => {
    expect(parsePythonLiteral(text)).toEqual(value);
  });

  it.each([
    '',
    '{',
    "{'a'}",
    "{'a': }",
    "'a",
    "{'a': b}",
    'true',
    'null',
    "{'a': 1} x",
    '[1 2]',
    '{[]: 1}',
    '\\',
    "'\\U99999999'",
    '['.repeat(5000),
  ])('that are none are refused: %s', (text) => {
    expect(() => parsePythonLiteral(text)).toThrow('no Python literal');
  });

  it('of labels with any text come back as they were printed', () => {
    const quoted = (text: string) => `'${text.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n').replace(/\r/g, '\\r')}'`;
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.string()), (labels) => {
        const printed = `{${Object.entries(labels).map(([key, value]) => `${quoted(key)}: ${quoted(value)}`)}}`;
        expect(parsePythonLiteral(printed)).toEqual({ ...labels });
      }),
    );
  });
});

describe('The place of an error in JSON', () => {
  it('is the end of what is none', () => {
    fc.assert(fc.property(fc.json(), (text) => findJsonError(text) === text.length));
  });

  it('is found wherever the engine finds an error', () => {
    const damaged = fc.tuple(
      fc.json(),
      fc.nat(),
      fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '1', '-', '\\', 't'),
    );
    fc.assert(
      fc.property(damaged, ([text, position, character]) => {
        const at = position % (text.length + 1);
        const wrong = text.slice(0, at) + character + text.slice(at);
        fc.pre(!isJson(wrong));
        const found = findJsonError(wrong);
        // What stands before the place can be the beginning of a JSON text; the rest can't follow.
        return found <= wrong.length && (found < wrong.length || !isJson(wrong));
      }),
    );
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
