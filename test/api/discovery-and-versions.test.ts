import { type ApiFixture, startApi } from '../support/api-fixture.js';

let api: ApiFixture;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

describe('Discovery', () => {
  it('shows the version and its range without a token', async () => {
    const { status, body, headers } = await api.anonymous.get('/');

    expect(status).toBe(200);
    expect(body.name).toBe('OpenStack Magnum API');
    expect(body.versions).toEqual([
      {
        id: 'v1',
        status: 'CURRENT',
        min_version: '1.1',
        max_version: '1.14',
        links: [{ href: `${api.url}/v1/`, rel: 'self' }],
      },
    ]);
    expect(headers['openstack-api-version']).toBeUndefined();
  });

  it.each(['/v1', '/v1/', '/v1.json'])('shows the collections at %s without a token', async (path) => {
    const { status, body } = await api.anonymous.get(path);

    expect(status).toBe(200);
    expect(body.media_types).toEqual([{ base: 'application/json', type: 'application/vnd.openstack.magnum.v1+json' }]);
    expect(body.links.map(({ rel }: { rel: string }) => rel)).toEqual(['self', 'describedby']);
    expect(body.clusters).toEqual([
      { href: `${api.url}/v1/clusters/`, rel: 'self' },
      { href: `${api.url}/clusters/`, rel: 'bookmark' },
    ]);
    expect(body.nodegroups[0].href).toBe(`${api.url}/v1/clusters/{cluster_id}/nodegroups/`);
  });

  it('shows the versions at /.json too', async () => {
    expect((await api.anonymous.get('/.json')).body).toEqual((await api.anonymous.get('/')).body);
  });

  it('gives every answer a request id of its own', async () => {
    const [one, two] = await Promise.all([api.anonymous.get('/'), api.anonymous.get('/v1/clusters')]);

    expect(one.headers['x-openstack-request-id']).toMatch(/^req-[0-9a-f-]{36}$/);
    expect(two.headers['x-openstack-request-id']).toMatch(/^req-[0-9a-f-]{36}$/);
    expect(one.headers['x-openstack-request-id']).not.toBe(two.headers['x-openstack-request-id']);
  });

  it('is healthy while the database answers, whatever the queue does', async () => {
    api.queue.connected = false;

    const { status, body } = await api.anonymous.get('/healthcheck');

    expect(status).toBe(200);
    expect(body).toEqual({ status: 'ok', database: 'ok', queue: 'disconnected' });
  });
});

describe('Paths', () => {
  it.each(['/v1/clusters', '/v1/clusters/', '/clusters', '/clusters/?limit=5', '//v1//clusters'])(
    'finds the clusters at %s',
    async (path) => {
      const demo = await api.as('demo');

      const { status, body } = await demo.get(path);

      expect(status).toBe(200);
      expect(body).toEqual({ clusters: [] });
    },
  );

  it('answers 404 in the usual shape for a path that there is not', async () => {
    const demo = await api.as('demo');

    const { status, body } = await demo.get('/v1/nothing');

    expect(status).toBe(404);
    expect(body).toEqual({
      errors: [
        {
          request_id: '',
          code: '',
          status: 404,
          title: 'The resource could not be found',
          detail: 'The resource could not be found.',
          links: [],
        },
      ],
    });
  });

  it('answers 405 with Allow for a wrong verb', async () => {
    const demo = await api.as('demo');

    const { status, headers } = await demo.send('PUT', '/v1/clusters');

    expect(status).toBe(405);
    expect(headers.allow).toBe('GET, POST');
  });

  it.each([
    ['PATCH', '/v1/clusters'],
    ['DELETE', '/v1/clustertemplates'],
    ['POST', '/v1/clusters/some'],
    ['GET', '/v2/clusters'],
    ['GET', '/v1/clusters/%E0%A4%A'],
  ])('answers 400 to %s %s, as Magnum does', async (method, path) => {
    const demo = await api.as('demo');

    expect((await demo.send(method, path)).status).toBe(400);
  });

  it('answers 404 to the detail of one object', async () => {
    const demo = await api.as('demo');

    expect((await demo.get('/v1/clusters/some/detail')).status).toBe(404);
  });
});

describe('Microversions', () => {
  it('are 1.1 when no header asks for one', async () => {
    const demo = await api.as('demo');

    const { headers } = await demo.get('/v1/clusters');

    expect(headers['openstack-api-version']).toBe('container-infra 1.1');
    expect(headers['openstack-api-minimum-version']).toBe('container-infra 1.1');
    expect(headers['openstack-api-maximum-version']).toBe('container-infra 1.14');
    expect(headers.vary).toBe('OpenStack-API-Version');
  });

  it.each([
    ['container-infra 1.9', 'container-infra 1.9'],
    ['container-infra latest', 'container-infra 1.14'],
    ['container-infra LATEST', 'container-infra 1.14'],
    ['container-infrastructure-management 1.14', 'container-infrastructure-management 1.14'],
    ['container-infrastructure 1.2', 'container-infrastructure 1.2'],
    ['compute latest', 'container-infra 1.14'],
  ])('accept "%s"', async (asked, answered) => {
    const demo = await api.as('demo');

    const { status, headers } = await demo.with({ 'OpenStack-API-Version': asked }).get('/v1/clusters');

    expect(status).toBe(200);
    expect(headers['openstack-api-version']).toBe(answered);
  });

  it.each([
    '1.9',
    'container-infra',
    'container-infra 1.9 more',
    'compute 1.9',
    'container-infra one',
    'container-infra 1',
  ])('refuse "%s" with an ordinary 406 and no version headers', async (asked) => {
    const demo = await api.as('demo');

    const { status, headers, body } = await demo.with({ 'OpenStack-API-Version': asked }).get('/v1/clusters');

    expect(status).toBe(406);
    expect(body.errors[0]).toMatchObject({ code: 'client', status: 406 });
    expect(headers['openstack-api-version']).toBeUndefined();
  });

  it.each(['1.0', '1.15', '2.1', '1.999999999'])('refuse %s with the range', async (version) => {
    const demo = await api.as('demo');

    const { status, headers, body } = await demo.at(version).get('/v1/clusters');

    expect(status).toBe(406);
    expect(Object.keys(body.errors[0])).toEqual(['code', 'title', 'min_version', 'max_version', 'links']);
    expect(body.errors[0]).toMatchObject({
      code: 'magnum.microversion-unsupported',
      min_version: '1.1',
      max_version: '1.14',
    });
    expect(headers['openstack-api-version']).toBe(`container-infra ${version}`);
    expect(headers['openstack-api-maximum-version']).toBe('container-infra 1.14');
  });

  it('speak the headers of Liberty and Mitaka to clients that do', async () => {
    const demo = await api.as('demo');
    const old = (version: string) => demo.with({ 'X-OpenStack-Magnum-API-Version': version }).get('/v1/clusters');

    const [exact, latest, beyond] = await Promise.all([old('1.1'), old('latest'), old('1.2')]);

    expect(exact.headers['x-openstack-magnum-api-version']).toBe('1.1');
    expect(exact.headers['x-openstack-magnum-api-minimum-version']).toBe('1.1');
    expect(exact.headers['x-openstack-magnum-api-maximum-version']).toBe('1.1');
    expect(exact.headers.vary).toBeUndefined();
    expect(exact.headers['openstack-api-version']).toBeUndefined();
    expect(latest.headers['x-openstack-magnum-api-version']).toBe('1.1');
    expect(beyond.status).toBe(406);
  });

  it('keep routes from versions before them', async () => {
    const demo = await api.as('demo');

    expect((await demo.at('1.6').post('/v1/clusters/x/actions/resize', { node_count: 1 })).status).toBe(406);
    expect((await demo.at('1.6').post('/v1/clusters/x/actions/upgrade', {})).status).toBe(406);
    expect((await demo.at('1.8').get('/v1/clusters/x/nodegroups')).status).toBe(406);
    expect((await demo.at('1.9').get('/v1/clusters/x/nodegroups')).status).toBe(404);
  });

  it('end at the highest one that the operator offers', async () => {
    const limited = await startApi({ settings: { BAYOU_API__HIGHEST_MICROVERSION: '1.10' } });
    const demo = await limited.as('demo');

    const latest = await demo.at('latest').get('/v1/clusters');
    const beyond = await demo.at('1.11').get('/v1/clusters');
    await limited.stop();

    expect(latest.headers['openstack-api-version']).toBe('container-infra 1.10');
    expect(beyond.status).toBe(406);
  });
});
