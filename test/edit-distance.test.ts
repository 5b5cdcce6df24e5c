import { loadConfig } from '../common/config/load.js';
import { editDistance, meantWord } from '../common/edit-distance.js';

describe('the distance between two words', () => {
  it.each([
    ['', '', 0],
    ['port', 'port', 0],
    ['', 'port', 4],
    ['prot', 'port', 1],
    ['pot', 'port', 1],
    ['ports', 'port', 1],
    ['sort', 'port', 1],
    ['ab', 'ba', 1],
    ['host', 'port', 2],
    ['kitten', 'sitting', 3],
  ])('from "%s" to "%s" is %d, there and back', (a, b, distance) => {
    expect([editDistance(a, b), editDistance(b, a)]).toEqual([distance, distance]);
  });
});

describe('a slip', () => {
  it('is the nearest word within the limit, and less than half of it is wrong', () => {
    const known = ['port', 'host', 'max_limit', 'max_limits'];

    expect(meantWord('prot', known, 2)).toBe('port');
    expect(meantWord('max_limts', known, 2)).toBe('max_limits');
    expect(meantWord('max_limi', known, 2)).toBe('max_limit');
    expect(meantWord('cost', known, 2)).toBe('host');
    expect(meantWord('most_lims', known, 2)).toBeUndefined();
    for (const short of ['', 'p', 'pt', 'rt', 'pst', 'rest']) expect(meantWord(short, known, 2)).toBeUndefined();
  });

  it('is told to who wrote a setting wrong, but a short word that only looks near is no slip', () => {
    expect(() => loadConfig(undefined, { BAYOU_API__PROT: '1' })).toThrow('did you mean "port"?');
    expect(() => loadConfig(undefined, { BAYOU_API__PATH: '1' })).toThrow(/BAYOU_API__PATH: no such setting(?!.*mean)/);
  });
});
