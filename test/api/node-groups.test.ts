import { clusters } from '../../common/db/clusters.js';
import { events } from '../../common/db/events.js';
import { nodeGroups } from '../../common/db/node-groups.js';
import { operations } from '../../common/db/operations.js';
import { seedId } from '../../devstack/devcloud/seed-id.js';
import { type ApiClient, type ApiFixture, startApi } from '../support/api-fixture.js';
import { addWorkers, makeCluster, settle } from '../support/orders.js';
import { DATABASE_KINDS } from '../support/test-database.js';

const TAINT = { key: 'dedicated', value: 'gpu', effect: 'NoSchedule' };

describe.each(DATABASE_KINDS)('Node groups over %s', (database) => {
  let api: ApiFixture;
  let demo: ApiClient;
  let cluster: string;
  beforeEach(async () => {
    // The orchestrator of this driver takes all labels and taints.
    api = await startApi({ database, clusterTypes: { schedulingProblems: () => [] } });
    demo = (await api.as('demo')).at('latest');
    cluster = await makeCluster(demo, { labels: { fixed_subnet_cidr: '10.1.0.0/24', availability_zone: 'nova' } });
    await settle(api.db, cluster, 'CREATE_COMPLETE', { apiAddress: 'tcp://172.24.4.5:2376' });
  });
  afterEach(() => api.stop());

  const path = (group = '') => `/v1/clusters/${cluster}/nodegroups/${group}`;
  const create = (order: object, client = demo) => client.post(path(), { name: 'gpu', ...order });
  const patch = (group: string, ...changes: object[]) => demo.patch(path(group), changes);
  const kinds = async () => {
    const all = await api.db.read('test', (query) => operations.list(query, { clusterId: cluster }));
    return all.map(({ kind, status }) => `${kind} ${status}`);
  };
  const statusOf = async () => (await demo.get(`/v1/clusters/${cluster}`)).body.status;
  const settleGroup = (status: 'CREATE_COMPLETE' | 'CREATE_FAILED' | 'DELETE_FAILED') =>
    api.db.transaction('test', async (trx) => {
      await nodeGroups.update(trx, { clusterId: cluster, name: 'gpu' }, { status });
      await operations.update(trx, { openKey: cluster }, { status: 'failed', openKey: undefined });
      await clusters.update(trx, { uuid: cluster }, { status: 'UPDATE_FAILED' });
    });

  describe('making one', () => {
    it('answers 202 with the whole group, its cluster in the place of what is left open', async () => {
      const { status, body } = await create({ labels: {}, merge_labels: false, node_labels: null, project_id: null });

      expect(status).toBe(202);
      expect(body).toMatchObject({
        name: 'gpu',
        cluster_id: cluster,
        project_id: seedId('project demo'),
        role: 'worker',
        is_default: false,
        node_count: 1,
        min_node_count: 0,
        max_node_count: null,
        flavor_id: 'm1.small',
        image_id: 'debian-12',
        docker_volume_size: null,
        labels: { fixed_subnet_cidr: '10.1.0.0/24', availability_zone: 'nova' },
        labels_added: {},
        node_labels: {},
        node_taints: [],
        status: 'CREATE_IN_PROGRESS',
        node_addresses: [],
      });
      expect(body.links[0].href).toBe(`${api.url}/v1/clusters/${cluster}/nodegroups/${body.uuid}`);
      expect((await demo.get(path('gpu'))).body).toEqual(body);
      expect(await statusOf()).toBe('UPDATE_IN_PROGRESS');
      expect(await kinds()).toEqual(['create succeeded', 'create_node_group queued']);
      expect(api.queue.messages).toHaveLength(2);
    });

    it('takes everything that can be said of it', async () => {
      const { status, body } = await create({
        role: 'batch',
        node_count: '3',
        min_node_count: 1,
        max_node_count: 5,
        flavor_id: 'm1.medium',
        image_id: 'ubuntu-22.04',
        docker_volume_size: 7,
        labels: { availability_zone: 'edge', colour: 'red' },
        merge_labels: true,
        node_labels: { 'example.org/kind': 'gpu', 'node.kubernetes.io/speed': 'high', plain: '' },
        node_taints: [TAINT, { key: 'dedicated', effect: 'NoExecute' }],
      });

      expect(status).toBe(202);
      expect(body).toMatchObject({
        role: 'batch',
        node_count: 3,
        min_node_count: 1,
        max_node_count: 5,
        flavor_id: 'm1.medium',
        image_id: 'ubuntu-22.04',
        docker_volume_size: 7,
        labels: { fixed_subnet_cidr: '10.1.0.0/24', availability_zone: 'edge', colour: 'red' },
        labels_overridden: { availability_zone: 'nova' },
        labels_added: { colour: 'red' },
        labels_skipped: {},
        node_labels: { 'example.org/kind': 'gpu', 'node.kubernetes.io/speed': 'high', plain: '' },
        node_taints: [TAINT, { key: 'dedicated', effect: 'NoExecute' }],
      });
      const told = await api.db.read('test', (query) => events.list(query, { kind: 'label_unknown' }));
      expect(told.map(({ details }) => details)).toEqual([{ label: 'colour' }]);
    });

    it('is refused before the cluster has an address', async () => {
      await settle(api.db, cluster, 'CREATE_COMPLETE', { apiAddress: undefined });

      const { status, body } = await create({});

      expect(status).toBe(409);
      expect(body.errors[0].detail).toContain('has no API address yet');
    });

    it.each(['CREATE_FAILED', 'DELETE_FAILED'] as const)('is refused in a cluster that is %s', async (status) => {
      await settle(api.db, cluster, status);

      expect((await create({})).status).toBe(400);
    });

    it('is refused while the cluster is being deleted, naming the operation', async () => {
      await demo.delete(`/v1/clusters/${cluster}`);

      expect((await create({})).body.errors[0].detail).toContain('its delete (operation');
    });

    it('takes the place of a resize and of another one, whose wishes stay', async () => {
      await demo.post(`/v1/clusters/${cluster}/actions/resize`, { node_count: 4 });
      await create({});
      await create({ name: 'more' });

      const groups = (await demo.get(path())).body.nodegroups;
      expect(groups.map(({ name, status }: Record<string, string>) => `${name} ${status}`)).toEqual([
        'default-master CREATE_COMPLETE',
        'default-worker UPDATE_IN_PROGRESS',
        'gpu CREATE_IN_PROGRESS',
        'more CREATE_IN_PROGRESS',
      ]);
      expect((await kinds()).slice(1)).toEqual([
        'resize superseded',
        'create_node_group superseded',
        'create_node_group queued',
      ]);
    });

    it('takes the place of a resize, and the nodes that were chosen there go all the same', async () => {
      await addWorkers(api.db, api.ids, cluster, ['server-0', 'server-1', 'server-2']);
      await demo.post(`/v1/clusters/${cluster}/actions/resize`, { node_count: 2, nodes_to_remove: ['server-1'] });

      await create({});

      const { body } = await demo.get(`/v1/clusters/${cluster}/nodes`);
      const states = body.nodes.map((node: Record<string, string>) => `${node.server_id} ${node.state}`);
      expect(states).toEqual(['server-0 wanted', 'server-1 leaving', 'server-2 wanted']);
    });

    it('of another project is a 404, for an admin as well, as upstream', async () => {
      expect((await create({}, (await api.as('alt_demo', 'alt')).at('latest'))).status).toBe(404);
      expect((await create({}, (await api.as('admin')).at('latest'))).status).toBe(404);
    });

    it('needs version 1.9', async () => {
      expect((await create({}, demo.at('1.8'))).status).toBe(406);
      expect((await create({}, demo.at('1.9'))).status).toBe(202);
    });

    it('writes everything or nothing', async () => {
      await api.db.knex.schema.renameTable('events', 'hidden');
      expect((await create({})).status).toBe(500);
      await api.db.knex.schema.renameTable('hidden', 'events');

      expect((await demo.get(path())).body.nodegroups).toHaveLength(2);
      expect(await statusOf()).toBe('CREATE_COMPLETE');
    });
  });

  describe('changing one', () => {
    it('sets its bounds without any work, and shows that it is done', async () => {
      const { status, body } = await patch(
        'default-worker',
        { op: 'replace', path: '/min_node_count', value: 1 },
        { op: 'add', path: '/max_node_count', value: '4' },
      );

      expect(status).toBe(202);
      expect(body).toMatchObject({ min_node_count: 1, max_node_count: 4, node_count: 2, status: 'UPDATE_COMPLETE' });
      const again = await patch('default-worker', { op: 'remove', path: '/max_node_count' });
      expect(again.body.max_node_count).toBeNull();
      expect(await kinds()).toEqual(['create succeeded']);
      expect((await demo.post(`/v1/clusters/${cluster}/actions/resize`, { node_count: 0 })).status).toBe(400);
    });

    it('reads labels and taints as Python prints them', async () => {
      await create({});

      const { status } = await patch(
        'gpu',
        { op: 'replace', path: '/node_labels', value: "{'example.org/kind': 'gpu'}" },
        {
          op: 'replace',
          path: '/node_taints',
          value: "[{'key': 'dedicated', 'value': 'gpu', 'effect': 'NoSchedule'}]",
        },
      );

      expect(status).toBe(202);
      expect((await demo.get(path('gpu'))).body).toMatchObject({
        node_labels: { 'example.org/kind': 'gpu' },
        node_taints: [TAINT],
        status: 'CREATE_IN_PROGRESS',
      });
    });
  });

  describe('deleting one', () => {
    it('answers 204, shows it, and another delete changes nothing', async () => {
      await create({});
      await settleGroup('CREATE_FAILED');

      expect((await demo.delete(path('gpu'))).status).toBe(204);
      expect((await demo.delete(path('gpu'))).status).toBe(204);

      expect((await demo.get(path('gpu'))).body).toMatchObject({ status: 'DELETE_IN_PROGRESS', node_count: 0 });
      expect(await statusOf()).toBe('UPDATE_IN_PROGRESS');
      expect((await kinds()).slice(2)).toEqual(['delete_node_group queued']);
    });

    it('takes the place of its own create, and can be asked for again when it failed', async () => {
      await create({});

      expect((await demo.delete(path('gpu'))).status).toBe(204);
      await settleGroup('DELETE_FAILED');
      expect((await demo.delete(path('gpu'))).status).toBe(204);

      expect((await kinds()).slice(1)).toEqual([
        'create_node_group superseded',
        'delete_node_group failed',
        'delete_node_group queued',
      ]);
    });

    it('leaves it nothing else: it is neither resized nor changed any more', async () => {
      await create({});
      await demo.delete(path('gpu'));

      const resized = await demo.post(`/v1/clusters/${cluster}/actions/resize`, { node_count: 2, nodegroup: 'gpu' });
      const changed = await patch('gpu', { op: 'replace', path: '/max_node_count', value: 9 });

      for (const { status, body } of [resized, changed]) {
        expect(status).toBe(400);
        expect(body.errors[0].detail).toContain('Nodegroup gpu is DELETE_IN_PROGRESS');
      }
    });

    it.each(['default-master', 'default-worker'])('is refused for %s', async (group) => {
      expect((await demo.delete(path(group))).status).toBe(400);
      expect(await kinds()).toEqual(['create succeeded']);
    });

    it('gives way to the delete of the cluster', async () => {
      await create({});
      await demo.delete(path('gpu'));

      expect((await demo.delete(`/v1/clusters/${cluster}`)).status).toBe(204);
      expect((await demo.delete(path('gpu'))).status).toBe(204);
      expect((await kinds()).slice(2)).toEqual(['delete_node_group superseded', 'delete queued']);
    });
  });
});
