import { lastLine, scrubLog } from '../common/scrub.js';

const KEY = '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIJx2abcdefgh\nAAAA+/==\n-----END EC PRIVATE KEY-----';

describe('logs of nodes', () => {
  test.each([
    ['password: hunter2 rest', 'password: *** rest'],
    ['DB_PASSWORD=hunter2', 'DB_PASSWORD=***'],
    ['{"admin_token": "a b c", "x": 1}', '{"admin_token": ***, "x": 1}'],
    ['Authorization: Bearer abc.def', 'Authorization: ***'],
    ['X-Auth-Token: gAAAAABabcdefghijklmnopqrstuvwxyz', 'X-Auth-Token: ***'],
    ['join --token SWMTKN-1-abc-def 10.0.0.1:2377', 'join --token *** 10.0.0.1:2377'],
    ['clone https://user:pa55@host/x', 'clone https://user:***@host/x'],
    ['got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0xx.abc-def', 'got ***'],
    [`before\n${KEY}\nafter`, 'before\n***\nafter'],
    [`before\n${KEY.split('\n').slice(0, 2).join('\n')}`, 'before\n***'],
    [`${KEY.split('\n').slice(1).join('\n')}\nafter`, '***\nafter'],
    ['key: -----BEGIN PRIVATE KEY-----\\nMIIE\\n-----END PRIVATE KEY----- end', 'key: ***'],
    ['\u001b[1;31mred\u001b[0m\u0007 \u202eevil\r\nnext', 'red evil\nnext'],
  ])('%j keep no secret and no control character', (text, clean) => {
    expect(scrubLog(text, 4096)).toBe(clean);
  });

  test('are cut to their last whole lines', () => {
    expect(scrubLog('first line\nsecond line\nthird', 12)).toBe('third');
    expect(scrubLog('ü'.repeat(10), 5)).toBe('üü');
    expect(Buffer.byteLength(scrubLog('x'.repeat(50_000), 4096))).toBe(4096);
  });

  test.each([
    ['-----BEGIN PRIVATE KEY-----'],
    ['eyJaaaaaaaaa-'],
    ['password="'],
    ['authorization'],
    ['//a:'],
    ['AAAAAAAAAAAAAAAAAAAA\n'],
    ['\u001b['],
  ])('of many times %j take no time', (piece) => {
    const started = performance.now();

    scrubLog(piece.repeat(Math.floor(65_536 / piece.length)), 4096);

    expect(performance.now() - started).toBeLessThan(1000);
  });

  test('have a last line', () => {
    expect([lastLine('a\n b \n\n'), lastLine('')]).toEqual(['b', '']);
  });
});
