import { clusters } from '../../common/db/clusters.js';
import { operations } from '../../common/db/operations.js';
import { seedId } from '../../devstack/devcloud/seed-id.js';
import { type ApiClient, type ApiFixture, startApi } from '../support/api-fixture.js';
import { makeCluster, settle } from '../support/orders.js';

let api: ApiFixture;
let demo: ApiClient;
let uuid: string;
beforeEach(async () => {
  api = await startApi();
  demo = await api.as('demo');
  uuid = await makeCluster(demo, { labels: { a: '1' } });
  await settle(api.db, uuid, 'CREATE_COMPLETE');
});
afterEach(() => api.stop());

const show = (id = uuid) => demo.get(`/v1/clusters/${id}`).then(({ body }) => body);
const patch = (...body: unknown[]) => demo.patch(`/v1/clusters/${uuid}`, body);
const openOperation = () => api.db.read('test', (query) => operations.find(query, { openKey: uuid }));

describe('Changing a cluster', () => {
  it.each([3, '3'])('sets the number of workers from %j and answers 202', async (value) => {
    const { status, body } = await patch({ op: 'replace', path: '/node_count', value });

    expect(status).toBe(202);
    expect(body).toEqual({ uuid });
    expect(await show()).toMatchObject({ node_count: 3, status: 'UPDATE_IN_PROGRESS' });
    expect(await openOperation()).toMatchObject({ kind: 'resize', status: 'queued' });
    expect(api.queue.messages).toHaveLength(2);
  });

  it('means one worker when the number is removed', async () => {
    await patch({ op: 'remove', path: '/node_count' });

    expect((await show()).node_count).toBe(1);
  });

  it('tries again when the number stays', async () => {
    await settle(api.db, uuid, 'UPDATE_FAILED', { statusReason: 'no room', faults: { a: 'b' } });

    expect((await patch({ op: 'replace', path: '/node_count', value: 2 })).status).toBe(202);
    expect(await show()).toMatchObject({ status: 'UPDATE_IN_PROGRESS', status_reason: null });
  });

  it('with nothing to change does nothing', async () => {
    expect((await patch()).status).toBe(202);
    expect((await patch({ op: 'replace', path: '/name', value: 'web' })).status).toBe(202);
    expect((await show()).status).toBe('CREATE_COMPLETE');
  });

  it.each([
    { op: 'replace', path: '/name', value: 'other' },
    { op: 'replace', path: '/labels', value: "{'a': '2'}" },
    { op: 'add', path: '/labels/b', value: '2' },
    { op: 'remove', path: '/labels' },
    { op: 'replace', path: '/master_count', value: 3 },
    { op: 'replace', path: '/status', value: 'UPDATE_COMPLETE' },
    { op: 'replace', path: '/api_address', value: 'x' },
    { op: 'replace', path: '/stack_id', value: 'x' },
    { op: 'replace', path: '/trust_id', value: 'x' },
    { op: 'replace', path: '/uuid', value: 'x' },
    { op: 'replace', path: '/node_count', value: 'many' },
    { op: 'replace', path: '/node_count', value: -1 },
    { op: 'replace', path: '/node_count', value: 0 },
    { op: 'add', path: '/node_count', value: 3 },
    { op: 'replace', path: '/health_status', value: 'FINE' },
  ])('refuses %j without a trace', async (operation) => {
    const before = await show();

    expect((await patch(operation)).status).toBe(400);

    expect(await show()).toEqual(before);
    expect(await openOperation()).toBeUndefined();
  });

  it('to no workers is possible from 1.10 on', async () => {
    const body = [{ op: 'replace', path: '/node_count', value: 0 }];

    expect((await demo.at('1.10').patch(`/v1/clusters/${uuid}`, body)).status).toBe(202);
  });

  it('notes what a health checker found, without an operation', async () => {
    const { status } = await patch(
      { op: 'replace', path: '/health_status', value: 'UNHEALTHY' },
      { op: 'replace', path: '/health_status_reason', value: "{'api': 'down', 'nodes': 2, 'ready': False}" },
    );

    expect(status).toBe(202);
    expect(await show()).toMatchObject({
      status: 'CREATE_COMPLETE',
      health_status: 'UNHEALTHY',
      health_status_reason: { api: 'down', nodes: '2', ready: 'false' },
    });
    expect(await openOperation()).toBeUndefined();
  });

  it('knows rollback from 1.3 on', async () => {
    const path = `/v1/clusters/${uuid}/?rollback=`;
    const counting = (value: number) => [{ op: 'replace', path: '/node_count', value }];
    const paramsAfter = async (rollback: string, nodeCount: number) => {
      expect((await demo.at('1.3').patch(`${path}${rollback}`, counting(nodeCount))).status).toBe(202);
      return (await openOperation())?.params;
    };

    expect((await demo.patch(`${path}True`, counting(3))).body.errors[0].title).toContain('unknown argument');
    expect((await demo.at('1.3').patch(`${path}maybe`, counting(3))).status).toBe(400);
    expect(await paramsAfter('False', 3)).not.toHaveProperty('rollbackTo');
    expect((await demo.at('1.3').patch(`${path}True`, [])).status).toBe(202);
    await settle(api.db, uuid, 'UPDATE_COMPLETE');
    expect(await paramsAfter('True', 5)).toHaveProperty('rollbackTo', 3);
    // One that has only begun is none to go back to.
    expect(await paramsAfter('True', 7)).toHaveProperty('rollbackTo', 3);
    // Of a number that did not hold there is nothing before.
    await settle(api.db, uuid, 'UPDATE_FAILED');
    expect(await paramsAfter('True', 7)).not.toHaveProperty('rollbackTo');
  });

  it('of another project is a 404, and an admin may', async () => {
    const body = [{ op: 'replace', path: '/node_count', value: 3 }];
    const alt = await api.as('alt_demo', 'alt');
    const admin = await api.as('admin');

    expect((await alt.patch(`/v1/clusters/${uuid}`, body)).status).toBe(404);
    // What there is left in the admin's own project is none of this cluster's business.
    api.cloud.quotas.order(seedId('project admin'), { cores: 0 });
    expect((await admin.patch(`/v1/clusters/${uuid}`, body)).status).toBe(202);
  });

  it.each(['CREATE_FAILED', 'DELETE_FAILED', 'DELETE_IN_PROGRESS'] as const)(
    'refuses more workers in %s',
    async (status) => {
      await settle(api.db, uuid, status);

      const answer = await patch({ op: 'replace', path: '/node_count', value: 3 });

      expect(answer.status).toBe(400);
      expect(answer.body.errors[0].detail).toContain(status);
      expect((await show()).node_count).toBe(2);
    },
  );

  it('writes health and number in one step, or neither', async () => {
    await settle(api.db, uuid, 'CREATE_FAILED');

    await patch(
      { op: 'replace', path: '/health_status', value: 'HEALTHY' },
      { op: 'replace', path: '/node_count', value: 3 },
    );

    const cluster = await api.db.read('test', (query) => clusters.find(query, { uuid }));
    expect(cluster?.healthStatus).toBeUndefined();
  });
});
