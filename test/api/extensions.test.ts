import { clusters } from '../../common/db/clusters.js';
import { reportConductor } from '../../common/db/conductors.js';
import { nodes } from '../../common/db/nodes.js';
import { operations } from '../../common/db/operations.js';
import { reason } from '../../common/reasons.js';
import { seedId } from '../../devstack/devcloud/seed-id.js';
import { type ApiClient, type ApiFixture, startApi } from '../support/api-fixture.js';
import { addWorkers, makeCluster } from '../support/orders.js';

let api: ApiFixture;
let demo: ApiClient;
let uuid: string;
beforeEach(async () => {
  api = await startApi();
  demo = await api.as('demo');
  uuid = await makeCluster(demo);
});
afterEach(() => api.stop());

describe("A cluster's history", () => {
  it('tells who asked for what', async () => {
    const { status, body } = await demo.get('/v1/clusters/web/events');

    expect(status).toBe(200);
    expect(body.events).toMatchObject([
      {
        cluster_uuid: uuid,
        actor: seedId('user demo'),
        kind: 'operation_accepted',
        created_at: '2030-01-01T00:00:00+00:00',
      },
    ]);
  });

  it('shows operations with their phases and reason', async () => {
    const why = reason('quota_exceeded', 'needs 12 cores', { requestIds: ['req-1'] });
    await api.db.transaction('test', (trx) =>
      operations.update(trx, { openKey: uuid }, { reason: why, progress: [{ phase: 'account', startedAt: 0 }] }),
    );

    const { body } = await demo.get(`/v1/clusters/${uuid}/operations`);

    expect(body.operations).toMatchObject([
      {
        kind: 'create',
        status: 'queued',
        phases: [{ name: 'account', started_at: '1970-01-01T00:00:00+00:00', finished_at: null }],
        reason: { code: 'quota_exceeded', actor: 'user', request_ids: ['req-1'] },
        finished_at: null,
      },
    ]);
  });

  it('stays readable by uuid when the cluster is gone, for its project only', async () => {
    await api.db.transaction('test', (trx) => clusters.delete(trx, { uuid }));
    const alt = await api.as('alt_demo', 'alt');

    for (const what of ['events', 'operations']) {
      const { status, body } = await demo.get(`/v1/clusters/${uuid}/${what}`);
      expect(status).toBe(200);
      expect(body[what]).toHaveLength(1);
      expect((await alt.get(`/v1/clusters/${uuid}/${what}`)).status).toBe(404);
      expect((await demo.get(`/v1/clusters/${api.ids.uuid()}/${what}`)).status).toBe(404);
    }
    expect((await demo.get(`/v1/clusters/${uuid}/nodes`)).status).toBe(404);
  });

  it('is paged', async () => {
    await demo.delete(`/v1/clusters/${uuid}`);

    const first = await demo.get(`/v1/clusters/${uuid}/events?limit=2`);
    const second = await demo.get(first.body.next.slice(api.url.length));

    expect(first.body.events).toHaveLength(2);
    expect(second.body.events).toMatchObject([{ message: 'Delete accepted.' }]);
  });
});

describe("A cluster's nodes", () => {
  it('show their steps, their faults and when they were last heard of', async () => {
    await addWorkers(api.db, api.ids, uuid, ['server-0', 'server-1']);
    const fault = reason('node_step_failed', 'step docker-install of web-worker-1 failed');
    await api.db.transaction('test', (trx) => nodes.update(trx, { serverId: 'server-1' }, { fault }));

    const { status, body } = await demo.get(`/v1/clusters/${uuid}/nodes`);

    expect(status).toBe(200);
    expect(body.nodes).toHaveLength(2);
    expect(body.nodes[1]).toEqual({
      uuid: expect.any(String),
      name: 'web-worker-1',
      role: 'worker',
      nodegroup: 'default-worker',
      ordinal: 1,
      state: 'wanted',
      ready: true,
      server_id: 'server-1',
      addresses: { private: '10.0.0.11', public: null },
      steps: [
        {
          name: 'docker-install',
          status: 'failed',
          log_tail: 'no space left on device',
          at: '1970-01-01T00:00:05+00:00',
        },
      ],
      fault: expect.stringContaining('[node_step_failed]'),
      load: { cpu_percent: null, memory_percent: null, disk_percent: null },
      orchestrator: {},
      enrolled_at: null,
      last_seen: '1970-01-01T00:00:10+00:00',
      created_at: '1970-01-01T00:00:00+00:00',
      updated_at: null,
    });
  });
});

describe('The list of services', () => {
  it('shows an admin which conductors are up', async () => {
    const admin = await api.as('admin');
    await api.db.transaction('test', (trx) => reportConductor(trx, 'one', api.clock.now() - 181_000));
    await api.db.transaction('test', (trx) => reportConductor(trx, 'two', api.clock.now()));

    const { status, body } = await admin.get('/v1/mservices');

    expect(status).toBe(200);
    expect(body.mservices).toEqual([
      {
        id: 1,
        host: 'one',
        binary: 'magnum-conductor',
        state: 'down',
        disabled: false,
        disabled_reason: null,
        report_count: 1,
        created_at: '2029-12-31T23:56:59+00:00',
        updated_at: null,
      },
      expect.objectContaining({ id: 2, host: 'two', state: 'up' }),
    ]);
    expect((await demo.get('/v1/mservices')).status).toBe(403);
    expect((await admin.get('/v1/mservices?limit=1')).status).toBe(400);
  });
});

describe('Stopping', () => {
  it('ends what is under way and takes nothing more', async () => {
    let release = () => {};
    let asked = () => {};
    const reached = new Promise<void>((resolve) => {
      asked = resolve;
    });
    api.queue.behave = () =>
      new Promise((resolve) => {
        release = resolve;
        asked();
      });
    const slow = demo.delete(`/v1/clusters/${uuid}`);
    await reached;

    const stopped = api.app.stop();
    release();

    expect((await slow).status).toBe(204);
    await stopped;
    await expect(demo.get('/v1/clusters')).rejects.toThrow('ECONNREFUSED');
  });
});
