import { clusters } from '../../common/db/clusters.js';
import { operations } from '../../common/db/operations.js';
import { type ApiClient, type ApiFixture, startApi } from '../support/api-fixture.js';
import { makeCluster, makeTemplate, settle } from '../support/orders.js';
import { until } from '../support/until.js';

const PATH = '/v1/bays';
const NOW = '2030-01-01T00:00:00+00:00';

let api: ApiFixture;
let demo: ApiClient;
let baymodel: string;
beforeEach(async () => {
  api = await startApi();
  demo = await api.as('demo');
  baymodel = await makeTemplate(demo, { labels: { a: '1' } });
});
afterEach(() => api.stop());

const order = (changes: Record<string, unknown> = {}) => ({ name: 'web', baymodel_id: baymodel, ...changes });
const setCluster = async (uuid: string, changes: object) => {
  await api.db.transaction('test', (trx) => clusters.update(trx, { uuid }, changes));
};

describe('Making a bay', () => {
  it('at 1.1 answers 201 with the full object and its place', async () => {
    const { status, body, headers } = await demo.post(PATH, order({ node_count: 2, bay_create_timeout: 15 }));

    expect(status).toBe(201);
    expect(headers.location).toBe(`${api.url}${PATH}/${body.uuid}`);
    expect(body).toEqual({
      uuid: expect.any(String),
      name: 'web',
      baymodel_id: baymodel,
      node_count: 2,
      master_count: 1,
      bay_create_timeout: 15,
      docker_volume_size: null,
      labels: expect.objectContaining({ a: '1' }),
      flavor_id: 'm1.small',
      master_flavor_id: 'm1.small',
      stack_id: null,
      status: 'CREATE_IN_PROGRESS',
      status_reason: null,
      discovery_url: null,
      api_address: null,
      coe_version: null,
      container_version: null,
      node_addresses: [],
      master_addresses: [],
      fixed_network: null,
      fixed_subnet: null,
      floating_ip_enabled: true,
      master_lb_enabled: false,
      created_at: NOW,
      updated_at: null,
      links: [
        { href: `${api.url}${PATH}/${body.uuid}`, rel: 'self' },
        { href: `${api.url}/bays/${body.uuid}`, rel: 'bookmark' },
      ],
    });
    expect((await demo.get(`/v1/clusters/${body.uuid}`)).body).toMatchObject({
      name: 'web',
      cluster_template_id: baymodel,
      create_timeout: 15,
      keypair: 'demo',
    });
  });

  it.each(['1.2', '1.9', '1.14', 'latest'])('at %s answers 202 with the uuid alone', async (version) => {
    const { status, body, headers } = await demo.at(version).post(PATH, order());

    expect(status).toBe(202);
    expect(body).toEqual({ uuid: expect.any(String) });
    expect(headers.location).toBeUndefined();
  });

  it('answers a client of Mitaka as one of 1.1', async () => {
    const mitaka = demo.with({ 'X-OpenStack-Magnum-API-Version': '1.1' });

    expect((await mitaka.post(PATH, order())).status).toBe(201);
  });

  it('names a bay that has no name, and takes the baymodel by name', async () => {
    const { status, body } = await demo.post(PATH, { baymodel_id: 'swarm', name: null, discovery_url: '' });

    expect(status).toBe(201);
    expect(body).toMatchObject({ name: expect.stringMatching(/^[a-z]+-\d+-bay$/), baymodel_id: baymodel });
    expect(body).toMatchObject({ node_count: 1, master_count: 1, bay_create_timeout: 60 });
  });

  it.each([
    [{ node_count: 0 }],
    [{ master_count: 0 }],
    [{ baymodel_id: undefined }],
    [{ baymodel_id: 'none' }],
    [{ name: '9lives' }],
    [{ name: 'a'.repeat(243) }],
    [{ bay_create_timeout: -1 }],
    [{ cluster_template_id: 'swarm' }],
    [{ keypair: 'demo' }],
    [{ merge_labels: true }],
    [{ uuid: 'a' }],
    [{ stack_id: 'a' }],
    [{ status: 'CREATE_COMPLETE' }],
  ])('refuses %j with 400 at every version', async (changes) => {
    for (const client of [demo, demo.at('1.2'), demo.at('latest')]) {
      expect((await client.post(PATH, order(changes))).status).toBe(400);
    }
    expect((await demo.get('/v1/clusters')).body.clusters).toEqual([]);
  });
});

describe('At 1.1 a create', () => {
  beforeEach(async () => {
    await api.stop();
    api = await startApi({ settings: { BAYOU_API__BAY_WAIT_SECONDS: '30' } });
    demo = await api.as('demo');
    baymodel = await makeTemplate(demo);
  });

  /** Does what the conductor would do at its first look. */
  const conduct = (act: (uuid: string) => Promise<unknown>) => {
    api.queue.behave = async ({ operationId }) => {
      const operation = await api.db.read('test', (query) => operations.find(query, { uuid: operationId }));
      await act(operation?.clusterId ?? '');
    };
  };

  /** Lets time pass whenever a request sleeps, until the answer is there. */
  async function answerOf(request: () => ReturnType<ApiClient['post']>) {
    const atRest = api.clock.pending();
    const begun = api.clock.now();
    let ended = false;
    const answer = request().finally(() => {
      ended = true;
    });
    await until(async () => {
      if (!ended && api.clock.pending() >= atRest + 2) await api.clock.advance(500);
      return ended;
    });
    return { ...(await answer), waitedMs: api.clock.now() - begun };
  }

  it('waits for the stack', async () => {
    conduct(async (uuid) => {
      api.clock.after(2000, () => setCluster(uuid, { stackId: 'stack-1' }));
    });

    const { status, body, waitedMs } = await answerOf(() => demo.post(PATH, order()));

    expect(status).toBe(201);
    expect(body).toMatchObject({ stack_id: 'stack-1', status: 'CREATE_IN_PROGRESS' });
    expect(waitedMs).toBeGreaterThanOrEqual(2000);
  });

  it('waits no longer than was set, and the bay is there all the same', async () => {
    const { status, body, waitedMs } = await answerOf(() => demo.post(PATH, order()));

    expect(status).toBe(201);
    expect(body).toMatchObject({ stack_id: null, status: 'CREATE_IN_PROGRESS' });
    expect(waitedMs).toBeGreaterThanOrEqual(30_000);
    expect(waitedMs).toBeLessThan(60_000);
  });

  it('does not wait while someone else must act', async () => {
    conduct((uuid) =>
      api.db.transaction('test', async (trx) => {
        await operations.update(trx, { clusterId: uuid }, { status: 'blocked' });
        await clusters.update(trx, { uuid }, { statusReason: '[account_refused] no' });
      }),
    );

    const { status, body } = await demo.post(PATH, order());

    expect(status).toBe(201);
    expect(body).toMatchObject({ status: 'CREATE_IN_PROGRESS', status_reason: '[account_refused] no' });
  });

  it('that failed is a 400 that says why and which bay to delete', async () => {
    conduct((uuid) => settle(api.db, uuid, 'CREATE_FAILED', { statusReason: 'Heat said no' }));

    const { status, body } = await demo.post(PATH, order());

    expect(status).toBe(400);
    const [bay] = (await demo.get(PATH)).body.bays;
    expect(body.errors[0].detail).toContain(bay.uuid);
    expect(body.errors[0].detail).toContain('Heat said no');
    expect(bay.status).toBe('CREATE_FAILED');
  });
});

describe('Bays that are there', () => {
  let uuid: string;
  beforeEach(async () => {
    uuid = await makeCluster(demo, { cluster_template_id: baymodel });
    await settle(api.db, uuid, 'CREATE_COMPLETE', { stackId: 'stack-1' });
  });
  const patch = (client: ApiClient, ...body: unknown[]) => client.patch(`${PATH}/${uuid}`, body);
  const three = { op: 'replace', path: '/node_count', value: '3' };

  it('are listed with the fields of Newton to Zed', async () => {
    const { status, body } = await demo.get(PATH);

    expect(status).toBe(200);
    expect(body).toEqual({
      bays: [
        {
          uuid,
          name: 'web',
          baymodel_id: baymodel,
          node_count: 2,
          master_count: 1,
          status: 'CREATE_COMPLETE',
          bay_create_timeout: 60,
          stack_id: 'stack-1',
          docker_volume_size: null,
          labels: expect.any(Object),
          master_flavor_id: 'm1.small',
          flavor_id: 'm1.small',
          floating_ip_enabled: true,
          links: expect.any(Array),
        },
      ],
    });
  });

  it('are shown in full in detail, by uuid and by name', async () => {
    const shown = (await demo.get(`${PATH}/${uuid}`)).body;

    expect((await demo.get(`${PATH}/detail`)).body).toEqual({ bays: [shown] });
    expect((await demo.get(`${PATH}/web/`)).body).toEqual(shown);
    expect((await demo.get(`/bays/${uuid}`)).body).toEqual(shown);
    expect((await demo.get(`${PATH}/${uuid}/detail`)).status).toBe(404);
  });

  it('are paged', async () => {
    await makeCluster(demo, { name: 'second', cluster_template_id: baymodel });

    const { body } = await demo.get(`${PATH}/?limit=1&sort_key=name&sort_dir=desc`);

    expect(body.bays.map(({ name }: { name: string }) => name)).toEqual(['web']);
    expect(body.next).toBe(`${api.url}${PATH}?sort_key=name&sort_dir=desc&limit=1&marker=${uuid}`);
    const next = await demo.get(body.next.slice(api.url.length));
    expect(next.body.bays.map(({ name }: { name: string }) => name)).toEqual(['second']);
  });

  it('show bay_faults only when something failed, and only one by one', async () => {
    expect((await demo.get(`${PATH}/${uuid}`)).body).not.toHaveProperty('bay_faults');
    await settle(api.db, uuid, 'UPDATE_FAILED', { faults: { worker: 'no room' } });

    expect((await demo.get(`${PATH}/${uuid}`)).body.bay_faults).toEqual({ worker: 'no room' });
    expect((await demo.get(`${PATH}/detail`)).body.bays[0]).not.toHaveProperty('bay_faults');
  });

  it('change their number of workers: 200 with the object at 1.1, 202 with the uuid later', async () => {
    const first = await patch(demo, three);
    expect(first.status).toBe(200);
    expect(first.body).toMatchObject({ uuid, node_count: 3, status: 'UPDATE_IN_PROGRESS' });

    const second = await patch(demo.at('1.2'), { ...three, value: 4 });
    expect(second.status).toBe(202);
    expect(second.body).toEqual({ uuid });
    expect((await demo.get(`${PATH}/${uuid}`)).body.node_count).toBe(4);

    expect((await patch(demo, { op: 'remove', path: '/node_count' })).body.node_count).toBe(1);
  });

  it.each([
    { op: 'replace', path: '/node_count', value: 0 },
    { op: 'replace', path: '/name', value: 'other' },
    { op: 'replace', path: '/baymodel_id', value: 'other' },
    { op: 'replace', path: '/bay_create_timeout', value: 5 },
    { op: 'replace', path: '/labels', value: "{'a': '2'}" },
    { op: 'replace', path: '/health_status', value: 'HEALTHY' },
    { op: 'replace', path: '/stack_id', value: 'x' },
    { op: 'replace', path: '/master_count', value: 3 },
  ])('refuse %j without a trace', async (operation) => {
    expect((await patch(demo.at('latest'), operation)).status).toBe(400);
    expect((await demo.get(`${PATH}/${uuid}`)).body).toMatchObject({ status: 'CREATE_COMPLETE', node_count: 2 });
  });

  it('know rollback from 1.3 on', async () => {
    const path = `${PATH}/${uuid}/?rollback=False`;

    expect((await demo.patch(path, [three])).status).toBe(400);
    expect((await demo.at('1.2').patch(path, [three])).status).toBe(400);
    expect((await demo.at('1.3').patch(path, [three])).status).toBe(202);
    await settle(api.db, uuid, 'UPDATE_COMPLETE');
    const four = { ...three, value: 4 };
    expect((await demo.at('1.3').patch(`${PATH}/${uuid}/?rollback=True`, [four])).status).toBe(202);
    const open = await api.db.read('test', (query) => operations.find(query, { openKey: uuid }));
    expect(open?.params).toHaveProperty('rollbackTo', 3);
  });

  it('go with a 204', async () => {
    const { status, body } = await demo.delete(`${PATH}/web`);

    expect([status, body]).toEqual([204, '']);
    expect((await demo.get(`${PATH}/${uuid}`)).body.status).toBe('DELETE_IN_PROGRESS');
  });

  it('are nobody else’s, not even an admin’s of another project', async () => {
    for (const other of [await api.as('alt_demo', 'alt'), await api.as('admin')]) {
      expect((await other.get(PATH)).body).toEqual({ bays: [] });
      expect((await other.get(`${PATH}/${uuid}`)).status).toBe(404);
      expect((await patch(other, three)).status).toBe(404);
      expect((await other.delete(`${PATH}/${uuid}`)).status).toBe(404);
    }
  });
});

describe('What else there was in 2015', () => {
  it.each(['pods', 'services', 'rcs', 'containers', 'nodes'])('/v1/%s is not known', async (collection) => {
    expect((await demo.get(`/v1/${collection}`)).status).toBe(404);
    expect((await demo.post(`/v1/${collection}`, {})).status).toBe(404);
  });

  it('is listed at /v1 as far as it is there', async () => {
    const { body } = await api.anonymous.get('/v1');

    for (const name of ['bays', 'baymodels', 'x509keypairs']) {
      expect(body[name]).toEqual([
        { href: `${api.url}/v1/${name}/`, rel: 'self' },
        { href: `${api.url}/${name}/`, rel: 'bookmark' },
      ]);
    }
    expect(body).not.toHaveProperty('pods');
  });
});
