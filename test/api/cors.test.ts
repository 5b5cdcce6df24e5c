import { type ApiFixture, startApi } from '../support/api-fixture.js';

const HORIZON = 'https://horizon.example.org';
const EXPOSED = 'X-Auth-Token,X-Subject-Token,X-Service-Token,X-OpenStack-Request-ID,X-Server-Management-Url';

let api: ApiFixture;
beforeAll(async () => {
  api = await startApi({ settings: { BAYOU_CORS__ALLOWED_ORIGIN: `${HORIZON},http://127.0.0.1:8000` } });
});
afterAll(() => api.stop());

const from = (origin: string, headers: Record<string, string> = {}) =>
  api.anonymous.with({ Origin: origin, ...headers });
const preflight = (method: string, headers: string, origin = HORIZON) =>
  from(origin, { 'Access-Control-Request-Method': method, 'Access-Control-Request-Headers': headers }).send(
    'OPTIONS',
    '/v1/clusters',
  );
const corsHeaders = (headers: Record<string, string>) =>
  Object.keys(headers).filter((name) => name.startsWith('access-control-'));

describe('A preflight', () => {
  it('is answered without a token', async () => {
    const { status, headers, body } = await preflight('PATCH', 'x-auth-token, Content-Type');

    expect(status).toBe(200);
    expect(body).toBe('');
    expect(headers).toMatchObject({
      'access-control-allow-origin': HORIZON,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'PATCH',
      'access-control-allow-headers': 'x-auth-token,Content-Type',
      'access-control-max-age': '3600',
      vary: 'Origin',
    });
    expect(headers['x-openstack-request-id']).toMatch(/^req-/);
    expect(headers['content-type']).toBeUndefined();
  });

  it.each([
    ['TRACE', 'X-Auth-Token', HORIZON],
    ['GET', 'X-Auth-Token, OpenStack-API-Version', HORIZON],
    ['GET', '', 'https://elsewhere.example.org'],
    ['GET', '', `${HORIZON}/`],
    ['', '', HORIZON],
  ])('gives no permission for %s with %s from %s', async (method, headers, origin) => {
    const answer = await preflight(method, headers, origin);

    expect(answer.status).toBe(200);
    expect(corsHeaders(answer.headers)).toEqual([]);
  });

  it('is any OPTIONS, whatever the path', async () => {
    expect((await api.anonymous.send('OPTIONS', '/v1/nothing')).status).toBe(200);
    expect((await from(HORIZON).send('OPTIONS', '/')).status).toBe(200);
  });
});

describe('An answer', () => {
  it('may be read by pages of the origins that are allowed', async () => {
    const demo = await api.as('demo');

    const { status, headers } = await demo.with({ Origin: HORIZON }).get('/v1/clusters');

    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'access-control-allow-origin': HORIZON,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': EXPOSED,
      vary: 'OpenStack-API-Version, Origin',
    });
  });

  it('may be read when it is a refusal, too', async () => {
    const { status, headers } = await from(HORIZON).get('/v1/clusters');

    expect(status).toBe(401);
    expect(headers['access-control-allow-origin']).toBe(HORIZON);
    expect(headers['www-authenticate']).toBeDefined();
  });

  it('may be read by no other page', async () => {
    const foreign = await from('https://elsewhere.example.org').get('/');
    const none = await api.anonymous.get('/');

    expect(corsHeaders(foreign.headers)).toEqual([]);
    expect(corsHeaders(none.headers)).toEqual([]);
    expect(none.headers.vary).toBe('Origin');
  });
});

it.each([
  [{ BAYOU_CORS__ALLOWED_ORIGIN: '' }, undefined],
  [{ BAYOU_CORS__ALLOWED_ORIGIN: '*' }, '*'],
])('With the settings %j, pages of any origin see %s', async (settings: Record<string, string>, allowed) => {
  const other = await startApi({ settings });

  const answer = await other.anonymous.with({ Origin: HORIZON }).get('/');
  const options = await other.anonymous
    .with({ Origin: HORIZON, 'Access-Control-Request-Method': 'GET' })
    .send('OPTIONS', '/v1/clusters');
  await other.stop();

  expect(answer.headers['access-control-allow-origin']).toBe(allowed);
  expect(options.headers['access-control-allow-origin']).toBe(allowed);
});
