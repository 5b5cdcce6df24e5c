import { readParameters } from '../../devstack/devcloud/orchestration/parameters.js';
import { parseTemplate } from '../../devstack/devcloud/orchestration/template.js';

const TEMPLATE = parseTemplate(`
heat_template_version: 2018-08-31
parameters:
  text: { type: string, constraints: [{ length: { min: 1, max: 3 } }] }
  number: { type: number, default: 2, constraints: [{ range: { min: 1, max: 5 } }] }
  list: { type: comma_delimited_list, default: "a, b" }
  map: { type: json, default: { a: 1 } }
  flag: { type: boolean, default: "no" }
  choice: { type: string, default: x, constraints: [{ allowed_values: [x, y] }] }
  shape: { type: string, default: aa, constraints: [{ allowed_pattern: "a+", description: only the letter a }] }
`);

describe('parameters of a template', () => {
  it('are given or by default, each of its type', () => {
    expect(readParameters(TEMPLATE, { text: 'abc', number: '3' })).toEqual({
      text: 'abc',
      number: 3,
      list: ['a', 'b'],
      map: { a: 1 },
      flag: false,
      choice: 'x',
      shape: 'aa',
    });
  });

  it.each([
    [{}, 'The Parameter (text) was not provided.'],
    [{ text: 'a', colour: 'red' }, 'The Parameter (colour) was not defined in template.'],
    [{ text: 'abcd' }, 'length (4) is out of range (min: 1, max: 3)'],
    [{ text: 'a', number: 'many' }, "could not convert string to float: 'many'"],
    [{ text: 'a', number: 6 }, '6 is out of range (min: 1, max: 5)'],
    [{ text: 'a', flag: 'perhaps' }, "Unrecognized value 'perhaps'"],
    [{ text: 'a', choice: 'z' }, '"z" is not an allowed value ["x","y"]'],
    [{ text: 'a', shape: 'ab' }, 'only the letter a'],
  ])('are refused in Heat’s words: %j', (given, words) => {
    expect(() => readParameters(TEMPLATE, given)).toThrow(words);
  });
});
