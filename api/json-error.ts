/** What may come next at a place of a JSON text. */
type Expectation = 'value' | 'value or end' | 'key' | 'key or end' | 'colon' | 'comma or end' | 'nothing';

const SPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/**
 * Where a text stops being JSON (RFC 8259): the index of the first token that is out of place. The
 * engine's own message names a position only for some of the errors.
 */
export function findJsonError(text: string): number {
  const open: ('{' | '[')[] = [];
  let expected: Expectation = 'value';
  for (let at = skip(SPACE, text, 0); at < text.length; at = skip(SPACE, text, at)) {
    const character = text[at] ?? '';
    const closed = endsBlock(character, open.at(-1), expected);
    if (closed) open.pop();
    const next: Expectation | undefined = closed ? afterValue(open) : follow(character, expected, open);
    if (next === undefined) return at;
    if (next === 'value or end') open.push('[');
    if (next === 'key or end') open.push('{');
    const end = /[{}[\],:]/.test(character) ? at + 1 : skip(character === '"' ? STRING : SCALAR, text, at);
    if (end === at) return at;
    expected = next;
    at = end;
  }
  return text.length;
}

function endsBlock(character: string, block: '{' | '[' | undefined, expected: Expectation): boolean {
  if (!expected.endsWith('or end')) return false;
  return (character === '}' && block === '{') || (character === ']' && block === '[');
}

/** What is expected behind a token that is in its place; undefined when it is not. */
function follow(character: string, expected: Expectation, open: readonly string[]): Expectation | undefined {
  if (expected === 'colon') return character === ':' ? 'value' : undefined;
  if (expected === 'comma or end') {
    if (character !== ',') return undefined;
    return open.at(-1) === '{' ? 'key' : 'value';
  }
  if (expected.startsWith('key')) return character === '"' ? 'colon' : undefined;
  if (!expected.startsWith('value')) return undefined;
  if (character === '{') return 'key or end';
  if (character === '[') return 'value or end';
  return /[-"\dtfn]/.test(character) ? afterValue(open) : undefined;
}

function afterValue(open: readonly string[]): Expectation {
  return open.length === 0 ? 'nothing' : 'comma or end';
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return at + (pattern.exec(text)?.[0].length ?? 0);
}
