import { ServiceError } from '../common/errors.js';

export type PythonValue = string | number | boolean | null | PythonValue[] | { [key: string]: PythonValue };

const MAX_DEPTH = 16;

const NAMES: Record<string, boolean | null> = { True: true, False: false, None: null };

const ESCAPES: Record<string, string> = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\n': '',
};

/**
 * Reads what Python's `repr` prints of dicts, lists, tuples, strings, numbers, True, False and None:
 * magnumclient, Horizon and Terraform send labels in patches that way.
 * @throws ServiceError `invalid` with the place of the error.
 */
export function parsePythonLiteral(text: string): PythonValue {
  const parser = new Parser(text);
  const value = parser.value(0);
  parser.end();
  return value;
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): PythonValue {
    if (depth > MAX_DEPTH) throw this.#error('it is nested too deeply');
    const first = this.#peek();
    if (first === '{') return this.#dict(depth);
    if (first === '[') return this.#sequence('[', ']', depth);
    if (first === '(') return this.#sequence('(', ')', depth);
    if (this.#match(/(?:[uUrRbB]?)(?=['"])/y) !== undefined) return this.#string();
    const number = this.#match(/[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)/y);
    if (number !== undefined) return Number(number);
    const name = this.#match(/[A-Za-z_]\w*/y);
    if (name !== undefined && Object.hasOwn(NAMES, name)) return NAMES[name] ?? null;
    throw this.#error('a value is expected');
  }

  end(): void {
    if (this.#peek() !== '') throw this.#error('something follows the value');
  }

  #dict(depth: number): PythonValue {
    const entries: [string, PythonValue][] = [];
    this.#expect('{');
    while (this.#peek() !== '}') {
      const key = this.value(depth + 1);
      if (typeof key === 'object') throw this.#error('a key must be a text or a number');
      this.#expect(':');
      entries.push([String(key), this.value(depth + 1)]);
      if (this.#peek() !== '}') this.#expect(',');
    }
    this.#expect('}');
    return Object.fromEntries(entries);
  }

  #sequence(opening: string, closing: string, depth: number): PythonValue {
    const items: PythonValue[] = [];
    this.#expect(opening);
    while (this.#peek() !== closing) {
      items.push(this.value(depth + 1));
      if (this.#peek() !== closing) this.#expect(',');
    }
    this.#expect(closing);
    return items;
  }

  #string(): string {
    const quote = this.#text[this.#at++];
    let value = '';
    for (;;) {
      const character = this.#text[this.#at++];
      if (character === undefined) throw this.#error('a text does not end');
      if (character === quote) return value;
      value += character === '\\' ? this.#escape() : character;
    }
  }

  #escape(): string {
    const code = this.#take(/x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})/y);
    if (code !== undefined) {
      const point = Number.parseInt(code.slice(1), 16);
      if (point > 0x10ffff) throw this.#error('there is no such character');
      return String.fromCodePoint(point);
    }
    const character = this.#text[this.#at++] ?? '';
    // Python keeps the backslash of what is no escape.
    return ESCAPES[character] ?? `\\${character}`;
  }

  #peek(): string {
    this.#take(/\s*/y);
    return this.#text[this.#at] ?? '';
  }

  #expect(character: string): void {
    if (this.#peek() !== character) throw this.#error(`"${character}" is expected`);
    this.#at++;
  }

  #match(pattern: RegExp): string | undefined {
    this.#peek();
    return this.#take(pattern);
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #error(problem: string): ServiceError {
    return new ServiceError('invalid', `The value is no Python literal: ${problem} at character ${this.#at + 1}.`);
  }
}
