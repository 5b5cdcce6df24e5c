import { type ApiClient, type ApiFixture, startApi } from '../support/api-fixture.js';
import { makeTemplate } from '../support/orders.js';

let api: ApiFixture;
let demo: ApiClient;
beforeAll(async () => {
  api = await startApi({ settings: { BAYOU_OSLO_MIDDLEWARE__ENABLE_PROXY_HEADERS_PARSING: 'true' } });
  demo = await api.as('demo');
  await makeTemplate(demo);
});
afterAll(() => api.stop());

describe('A path', () => {
  it.each([
    '/v1/clustertemplates/swarm/',
    '/clustertemplates/swarm',
    '/v1/clustertemplates/?limit=1&sort_key=name',
    '/clustertemplates/detail/',
    '/v1//clustertemplates//swarm//',
  ])('may be %s', async (path) => {
    expect((await demo.get(path)).status).toBe(200);
  });

  it.each(['/', '/v1', '/v1/', '/v1.json', '/.json', '/healthcheck'])('%s needs no token', async (path) => {
    expect((await api.anonymous.get(path)).status).toBe(200);
  });

  it.each(['/v1/clusters', '/v1/nothing', '/v1.xml', '/v2', '/v1/clusters/x/nodegroups'])(
    '%s needs one',
    async (path) => {
      const { status, headers } = await api.anonymous.get(path);

      expect(status).toBe(401);
      expect(headers['www-authenticate']).toMatch(/^Keystone uri="http/);
    },
  );
});

describe('A verb', () => {
  it.each([
    ['PUT', '/v1/clusters/some', 'GET, PATCH, DELETE'],
    ['POST', '/v1/mservices', 'GET'],
    ['TRACE', '/v1/clusters', 'GET, POST'],
    ['GET', '/v1/clusters/some/actions/resize', 'POST'],
  ])('%s is a 405 at %s, with Allow', async (method, path, allowed) => {
    const { status, headers, body } = await demo.at('latest').send(method, path);

    expect([status, headers.allow]).toEqual([405, allowed]);
    expect(body.errors[0]).toMatchObject({ code: '', status: 405, request_id: '', links: [] });
  });

  it('HEAD is a GET without a body', async () => {
    const { status, headers, body } = await demo.send('HEAD', '/v1/clustertemplates/swarm');
    const missing = await demo.send('HEAD', '/v1/clustertemplates/none');

    expect([status, body, missing.status]).toEqual([200, '', 404]);
    expect(headers['openstack-api-version']).toBe('container-infra 1.1');
    expect(Number(headers['content-length'])).toBeGreaterThan(100);
  });
});

describe('A body', () => {
  it('is JSON, by whichever of its names', async () => {
    const patch = JSON.stringify([{ op: 'replace', path: '/name', value: 'swarm' }]);
    const send = (type: string) =>
      demo.raw('PATCH', '/v1/clustertemplates/swarm', patch, { 'Content-Type': type }).then(({ status }) => status);

    expect(await send('application/json; charset=utf-8')).toBe(200);
    expect(await send('application/json-patch+json')).toBe(200);
    expect(await send('text/json-patch')).toBe(415);
    expect(await send('application/octet-stream')).toBe(415);
  });

  it('that is not there has no type, nor has an answer without one', async () => {
    const uuid = await makeTemplate(demo, { name: 'gone' });
    const octets = { 'Content-Type': 'application/octet-stream' };

    const { status, headers, body } = await demo.raw('DELETE', `/v1/clustertemplates/${uuid}`, undefined, octets);

    expect([status, body]).toEqual([204, '']);
    expect(headers['content-type']).toBeUndefined();
  });
});

describe('The request id', () => {
  const inbound = 'req-01234567-89ab-cdef-0123-456789abcdef';

  it.each([inbound, 'req-nonsense', '<script>'])('is a fresh one, though %s came in', async (given) => {
    const { headers, body } = await demo.with({ 'X-Openstack-Request-Id': given }).get('/v1/nothing');

    expect(headers['x-openstack-request-id']).toMatch(/^req-[0-9a-f-]{36}$/);
    expect(headers['x-openstack-request-id']).not.toBe(given);
    expect(body.errors[0].request_id).toBe('');
  });
});

describe('A wrong version', () => {
  it('is told to those who come with a token, and before the path is looked at', async () => {
    const wrong = { 'OpenStack-API-Version': 'container-infra 9.9' };

    expect((await api.anonymous.with(wrong).get('/v1/clusters')).status).toBe(401);
    expect((await demo.with(wrong).get('/v1/nothing')).status).toBe(406);
    expect((await api.anonymous.with(wrong).get('/')).status).toBe(200);
  });
});

describe('Links', () => {
  const self = async (headers: Record<string, string>) =>
    (await api.anonymous.with(headers).get('/')).body.versions[0].links[0].href;

  it('are as the proxy in front says', async () => {
    const older = {
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'cloud.example.org',
      'X-Forwarded-Prefix': '/magnum',
    };

    expect(await self(older)).toBe('https://cloud.example.org/magnum/v1/');
    expect(await self({ ...older, Forwarded: 'proto=http;host="[2001:db8::1]:9511", proto=https' })).toBe(
      'http://[2001:db8::1]:9511/magnum/v1/',
    );
  });

  it('hold nothing that is no address', async () => {
    const odd = { 'X-Forwarded-Proto': 'javascript', 'X-Forwarded-Host': 'a"b', 'X-Forwarded-Prefix': '//x/..?' };

    expect(await self(odd)).toBe(`${api.url}/v1/`);
  });

  it('do not listen to proxies that nobody trusts', async () => {
    const other = await startApi();
    const { body } = await other.anonymous.with({ 'X-Forwarded-Host': 'cloud.example.org' }).get('/');
    await other.stop();

    expect(body.versions[0].links[0].href).toBe(`${other.url}/v1/`);
  });
});
