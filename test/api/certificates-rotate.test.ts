import { clusters } from '../../common/db/clusters.js';
import { operations } from '../../common/db/operations.js';
import { type ApiClient, type ApiFixture, startApi } from '../support/api-fixture.js';
import { makeCluster, makeTemplate, settle } from '../support/orders.js';
import { DATABASE_KINDS } from '../support/test-database.js';

describe.each(DATABASE_KINDS)('Over %s, a rotation of the authorities', (database) => {
  let api: ApiFixture;
  let demo: ApiClient;
  let uuid: string;
  beforeEach(async () => {
    api = await startApi({ database, clusterTypes: { rotatesCa: () => true } });
    demo = await api.as('demo');
    uuid = await makeCluster(demo, { node_count: 3 });
    await settle(api.db, uuid, 'CREATE_COMPLETE');
  });
  afterEach(() => api.stop());

  const rotate = (ident = uuid, client = demo) => client.patch(`/v1/certificates/${ident}`);
  const row = () => api.db.read('test', (query) => clusters.find(query, { uuid }));
  const newest = () => api.db.read('test', async (query) => (await operations.list(query, { clusterId: uuid })).at(-1));

  it('answers 202 at any version, and each call that ended well begins the next half', async () => {
    for (const [stage, end] of [
      ['trust', 'open'],
      ['serve', undefined],
      ['trust', undefined],
    ] as const) {
      const { status, body } = await rotate('web', demo.at('1.1'));

      expect([status, body]).toEqual([202, { uuid }]);
      expect(await row()).toMatchObject({ status: 'UPDATE_IN_PROGRESS', caRotation: stage });
      await settle(api.db, uuid, 'UPDATE_COMPLETE', { caRotation: end });
    }
  });

  it('goes on with the same half where it has failed, with time for each node', async () => {
    for (const stage of ['trust', 'issue', 'serve', 'drop'] as const) {
      await settle(api.db, uuid, 'UPDATE_FAILED', { caRotation: stage });
      expect((await rotate()).status).toBe(202);
      expect(await row()).toMatchObject({ caRotation: stage });
    }
    const operation = await newest();
    expect(operation).toMatchObject({ kind: 'rotate_ca', status: 'queued' });
    expect((operation?.deadlineAt ?? 0) - (operation?.createdAt ?? 0)).toBe((60 + 4 * 5) * 60_000);
  });

  it('is sent by clients as an octet-stream without a body', async () => {
    const headers = { 'Content-Type': 'application/octet-stream' };

    expect((await demo.raw('PATCH', `/v1/certificates/${uuid}`, undefined, headers)).status).toBe(202);
  });

  it('waits for what is under way, and needs a cluster that was made', async () => {
    await demo.at('latest').post(`/v1/clusters/${uuid}/actions/resize`, { node_count: 1 });
    const busy = await rotate();
    expect([busy.status, busy.body.errors[0].title]).toEqual([400, expect.stringContaining('its resize (operation')]);
    await settle(api.db, uuid, 'CREATE_FAILED');

    expect((await rotate()).body.errors[0].title).toContain('delete it and create it again');
    expect(await row()).toMatchObject({ caRotation: undefined });
    expect((await rotate('none')).status).toBe(404);
  });

  it('is for members of the project', async () => {
    expect((await rotate(uuid, await api.as('alt_demo', 'alt'))).status).toBe(404);
    expect(await row()).toMatchObject({ caRotation: undefined });
  });

  it('is refused for a cluster without TLS', async () => {
    await makeTemplate(demo, { name: 'open', tls_disabled: true });
    const open = await makeCluster(demo, { name: 'open', cluster_template_id: 'open' });
    await settle(api.db, open, 'CREATE_COMPLETE');

    const { status, body } = await rotate(open);

    expect([status, body.errors[0].title]).toEqual([400, expect.stringContaining('without TLS is not supported')]);
  });
});

it('A Swarm has no rotation', async () => {
  const api = await startApi();
  try {
    const demo = await api.as('demo');
    const uuid = await makeCluster(demo);
    await settle(api.db, uuid, 'CREATE_COMPLETE');

    const { status, body } = await demo.patch(`/v1/certificates/${uuid}`);

    expect([status, body.errors[0].title]).toEqual([400, expect.stringContaining('driver swarm is not supported')]);
  } finally {
    await api.stop();
  }
});
