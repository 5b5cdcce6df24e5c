import { lastLine, scrubLog } from '../common/scrub.js';

const KEY = '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIJx2abcdefgh\nAAAA+/==\n-----END EC PRIVATE KEY-----';

const AT = '2030-01-01T00:00:00+0000 node-0 step[12]: ';

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
    ['kubeadm join 10.0.0.5:6443 --token abcdef.0123456789abcdef', 'kubeadm join 10.0.0.5:6443 --token ***'],
    ['bootstrap 07401b.f395accd246ae52d is used', 'bootstrap *** is used'],
    ['mysql --password hunter2 --host db', 'mysql --password *** --host db'],
    ['--token-auth-file /etc/tokens.csv', '--token-auth-file /etc/tokens.csv'],
    ['root:$6$ab12$kDh0aUeLx9: is set', 'root:***: is set'],
    ['{"auths": {"r": {"auth": "dXNlcjpwYXNz"}}}', '{"auths": {"r": {"auth": "***"}}}'],
    ['client-key-data: LS0tLS1CRUdJTg==', 'client-key-data: ***'],
    [
      'GET /v1/AUTH_1/c/o?temp_url_sig=da39a3ee&temp_url_expires=1',
      'GET /v1/AUTH_1/c/o?temp_url_sig=***&temp_url_expires=1',
    ],
    ['Set-Cookie: session=abc; path=/', 'Set-Cookie: ***'],
    [`before\n${KEY}\nafter`, 'before\n***\nafter'],
    [KEY.replaceAll('EC PRIVATE', 'OPENSSH PRIVATE'), '***'],
    [`${KEY}\nnext line`.replace(/^/gm, AT), `${AT}***\n${AT}next line`],
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
    ['abcdef.'],
    ['$6$'],
    ['--token'],
    ['"auth" '],
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
