import { clusters } from '../../common/db/clusters.js';
import { nodeGroups } from '../../common/db/node-groups.js';
import { operations } from '../../common/db/operations.js';
import { type ApiClient, type ApiFixture, startApi } from '../support/api-fixture.js';
import { makeCluster, makeTemplate, settle } from '../support/orders.js';
import { DATABASE_KINDS } from '../support/test-database.js';

const [BEFORE, AFTER] = [{ tag: '1' }, { tag: '2' }];

describe.each(DATABASE_KINDS)('Over %s, an upgrade', (database) => {
  let api: ApiFixture;
  let demo: ApiClient;
  let uuid: string;
  beforeEach(async () => {
    const plan = { problems: [], before: '1', version: '2', labels: AFTER, labelsBefore: BEFORE };
    api = await startApi({ database, clusterTypes: { upgradePlan: () => plan } });
    demo = (await api.as('demo')).at('latest');
    uuid = await makeCluster(demo, { node_count: 3, labels: { other: 'kept' } });
    await makeTemplate(demo, { name: 'next', labels: AFTER });
    await settle(api.db, uuid, 'UPDATE_FAILED');
  });
  afterEach(() => api.stop());

  const upgrade = (body: object, client = demo) => client.post(`/v1/clusters/${uuid}/actions/upgrade`, body);
  const newest = () => api.db.read('test', async (query) => (await operations.list(query, { clusterId: uuid })).at(-1));

  it('answers 202, shows what is wanted at once, and keeps what its groups have until they have changed', async () => {
    const { status, body } = await upgrade({ cluster_template: 'next' });

    expect([status, body]).toEqual([202, { uuid }]);
    const cluster = await api.db.read('test', (query) => clusters.find(query, { uuid }));
    expect(cluster).toMatchObject({ status: 'UPDATE_IN_PROGRESS', labels: { other: 'kept', tag: '2' } });
    const groups = await api.db.read('test', (query) => nodeGroups.list(query, { clusterId: uuid }));
    expect(groups.map(({ status: shown, labels }) => [shown, labels])).toEqual(
      Array(2).fill(['UPDATE_IN_PROGRESS', { other: 'kept', tag: '1' }]),
    );
    expect(await newest()).toMatchObject({
      kind: 'upgrade',
      status: 'queued',
      params: {
        upgrade: { version: '2', labels: AFTER, nodeGroupIds: groups.map((group) => group.uuid), maxBatchSize: 1 },
      },
    });
  });

  it('shows what it was upgraded to, though the order had left it open', async () => {
    await settle(api.db, uuid, 'CREATE_COMPLETE', { settledLabels: ['tag'], labels: { other: 'kept', tag: '1' } });
    await upgrade({ cluster_template: 'next' });

    const { labels, labels_skipped: skipped } = (await demo.get(`/v1/clusters/${uuid}`)).body;
    expect({ labels, skipped }).toEqual({ labels: { other: 'kept', tag: '2' }, skipped: {} });
  });

  it('has time for each master and each batch of workers', async () => {
    await upgrade({ cluster_template: 'next', max_batch_size: 2 });

    const operation = await newest();
    const minutes = ((operation?.deadlineAt ?? 0) - (operation?.createdAt ?? 0)) / 60_000;
    expect(minutes).toBe(60 + 3 * 20);
  });

  it('needs a template, a batch of at least one and version 1.8', async () => {
    expect((await upgrade({})).status).toBe(400);
    expect((await upgrade({ cluster_template: 'next', max_batch_size: 0 })).status).toBe(400);
    expect((await upgrade({ cluster_template: 'nowhere' })).status).toBe(404);
    expect((await upgrade({ cluster_template: 'next' }, demo.at('1.7'))).status).toBe(400);
    expect(await newest()).toMatchObject({ kind: 'create' });
  });

  it('waits for what is under way', async () => {
    await demo.post(`/v1/clusters/${uuid}/actions/resize`, { node_count: 1 });

    const { status, body } = await upgrade({ cluster_template: 'next' });

    expect([status, body.errors[0].title]).toEqual([400, expect.stringContaining('its resize (operation')]);
  });
});
