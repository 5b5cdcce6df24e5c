import { clusters } from '../../common/db/clusters.js';
import { events } from '../../common/db/events.js';
import { nodeGroups } from '../../common/db/node-groups.js';
import { operations } from '../../common/db/operations.js';
import { type ApiClient, type ApiFixture, startApi } from '../support/api-fixture.js';
import { addWorkers, makeCluster, settle } from '../support/orders.js';
import { DATABASE_KINDS } from '../support/test-database.js';

describe.each(DATABASE_KINDS)('Over %s', (database) => {
  let api: ApiFixture;
  let demo: ApiClient;
  let uuid: string;
  beforeEach(async () => {
    api = await startApi({ database });
    demo = (await api.as('demo')).at('latest');
    uuid = await makeCluster(demo);
  });
  afterEach(() => api.stop());

  const show = () => demo.get(`/v1/clusters/${uuid}`).then(({ body }) => body);
  const resize = (body: Record<string, unknown>, client = demo) =>
    client.post(`/v1/clusters/${uuid}/actions/resize`, body);
  const remove = (client = demo) => client.delete(`/v1/clusters/${uuid}`);
  const allOperations = () => api.db.read('test', (query) => operations.list(query, { clusterId: uuid }));
  const kinds = async () => (await allOperations()).map(({ kind, status }) => `${kind} ${status}`);

  describe('Resizing', () => {
    beforeEach(() => settle(api.db, uuid, 'CREATE_COMPLETE'));

    it('answers 202 with the uuid, and shows what is wanted at once', async () => {
      const { status, body } = await resize({ node_count: 5 });

      expect(status).toBe(202);
      expect(body).toEqual({ uuid });
      expect(await show()).toMatchObject({ node_count: 5, status: 'UPDATE_IN_PROGRESS' });
      expect(await kinds()).toEqual(['create succeeded', 'resize queued']);
      const groups = await api.db.read('test', (query) => nodeGroups.list(query, { clusterId: uuid }));
      expect(groups.map(({ status: shown }) => shown)).toEqual(['CREATE_COMPLETE', 'UPDATE_IN_PROGRESS']);
    });

    it('names the nodes that are to go', async () => {
      await addWorkers(api.db, api.ids, uuid, ['server-0', 'server-1']);

      const { status } = await resize({ node_count: '1', nodes_to_remove: ['server-1'], nodegroup: 'default-worker' });

      expect(status).toBe(202);
      const [, operation] = await allOperations();
      expect(operation?.params).toEqual({ nodeGroupId: expect.any(String), nodesToRemove: ['server-1'] });
      for (const idents of [['web-worker-0'], ['1'], [0], null]) {
        expect((await resize({ node_count: 1, nodes_to_remove: idents })).status).toBe(202);
      }
    });

    it.each([
      [{}, 'node_count: missing'],
      [{ node_count: null }, 'node_count: must be a whole number'],
      [{ node_count: -1 }, 'node_count: must be at least 0'],
      [{ node_count: 1, more: 1 }, 'more: unknown'],
      [{ node_count: 1, nodes_to_remove: 'x' }, 'nodes_to_remove: must be a list'],
      [{ node_count: 1, nodes_to_remove: ['server-9', 'server-0'] }, 'nodes_to_remove: server-9 is no node'],
      [{ node_count: 2, nodegroup: 'default-master' }, '1, 3 or 5 managers'],
    ])('refuses %j', async (body, complaint) => {
      await addWorkers(api.db, api.ids, uuid, ['server-0']);

      const answer = await resize(body);

      expect(answer.status).toBe(400);
      expect(answer.body.errors[0].detail).toContain(complaint);
      expect(await kinds()).toEqual(['create succeeded']);
      expect((await show()).status).toBe('CREATE_COMPLETE');
    });

    it('answers 404 for a node group that there is not', async () => {
      expect((await resize({ node_count: 1, nodegroup: 'none' })).status).toBe(404);
    });

    it('keeps to the bounds of the group', async () => {
      await api.db.transaction('test', (trx) =>
        nodeGroups.update(trx, { clusterId: uuid, name: 'default-worker' }, { minNodeCount: 1, maxNodeCount: 4 }),
      );

      expect((await resize({ node_count: 0 })).body.errors[0].detail).toContain('1 to 4 nodes');
      expect((await resize({ node_count: 5 })).status).toBe(400);
      expect((await resize({ node_count: 4 })).status).toBe(202);
    });

    it('takes the place of a resize that is under way', async () => {
      await resize({ node_count: 5 });
      const { status } = await resize({ node_count: 3 });

      expect(status).toBe(202);
      expect(await kinds()).toEqual(['create succeeded', 'resize superseded', 'resize queued']);
      expect((await show()).node_count).toBe(3);
    });

    it('is possible again after it failed', async () => {
      await settle(api.db, uuid, 'UPDATE_FAILED');

      expect((await resize({ node_count: 3 })).status).toBe(202);
    });

    it('at the same time ends with one open operation', async () => {
      const answers = await Promise.all([3, 4, 5, 6].map((count) => resize({ node_count: count })));

      expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
      const open = (await allOperations()).filter(({ openKey }) => openKey !== undefined);
      expect(open).toHaveLength(1);
    });

    it('of another project is a 404, even for an admin', async () => {
      expect((await resize({ node_count: 3 }, (await api.as('admin')).at('latest'))).status).toBe(404);
      expect((await resize({ node_count: 3 }, (await api.as('alt_demo', 'alt')).at('latest'))).status).toBe(404);
    });
  });

  describe('Resizing while the cluster is being made', () => {
    it('is refused with the name of the operation in the way', async () => {
      const [create] = await allOperations();

      const { status, body } = await resize({ node_count: 3 });

      expect(status).toBe(400);
      expect(body.errors[0].detail).toContain(`its create (operation ${create?.uuid}) is queued`);
      expect(await kinds()).toEqual(['create queued']);
    });

    it('is refused when that failed, with the remedy', async () => {
      await settle(api.db, uuid, 'CREATE_FAILED');

      expect((await resize({ node_count: 3 })).body.errors[0].detail).toContain('delete it and create it again');
    });
  });

  describe('Deleting', () => {
    it('answers 204 without a body, and shows it', async () => {
      await settle(api.db, uuid, 'CREATE_COMPLETE');

      const { status, body, headers } = await remove();

      expect(status).toBe(204);
      expect(body).toBe('');
      expect(headers['content-type']).toBeUndefined();
      expect((await show()).status).toBe('DELETE_IN_PROGRESS');
      expect(await kinds()).toEqual(['create succeeded', 'delete queued']);
    });

    it('takes the place of whatever is under way, and tells of it', async () => {
      expect((await remove()).status).toBe(204);

      expect(await kinds()).toEqual(['create superseded', 'delete queued']);
      const told = await api.db.read('test', (query) => events.list(query, { clusterId: uuid }));
      expect(told.map(({ kind }) => kind)).toEqual([
        'operation_accepted',
        'operation_superseded',
        'operation_accepted',
      ]);
    });

    it('again while it is under way makes no second operation', async () => {
      await remove();
      const told = api.queue.messages.length;

      expect((await remove()).status).toBe(204);
      expect(await kinds()).toEqual(['create superseded', 'delete queued']);
      expect(api.queue.messages).toHaveLength(told);
    });

    it.each(['CREATE_FAILED', 'UPDATE_FAILED', 'DELETE_FAILED', 'UPDATE_IN_PROGRESS', 'DELETE_IN_PROGRESS'] as const)(
      'is possible from %s',
      async (status) => {
        await settle(api.db, uuid, status);

        expect((await remove()).status).toBe(204);
        expect((await kinds()).at(-1)).toBe('delete queued');
      },
    );

    it('is not followed by a resize', async () => {
      await remove();

      expect((await resize({ node_count: 3 })).status).toBe(400);
      expect((await kinds()).at(-1)).toBe('delete queued');
    });

    it('of another project is a 404, and an admin may', async () => {
      expect((await remove(await api.as('alt_demo', 'alt'))).status).toBe(404);
      expect((await remove(await api.as('admin'))).status).toBe(204);
    });

    it('writes everything or nothing', async () => {
      await settle(api.db, uuid, 'CREATE_COMPLETE');
      await api.db.knex.schema.renameTable('events', 'hidden');

      expect((await remove()).status).toBe(500);

      await api.db.knex.schema.renameTable('hidden', 'events');
      const cluster = await api.db.read('test', (query) => clusters.find(query, { uuid }));
      expect(cluster?.status).toBe('CREATE_COMPLETE');
      expect(await kinds()).toEqual(['create succeeded']);
    });

    it('is accepted while the broker is down', async () => {
      api.queue.behave = async () => {
        throw new Error('no broker');
      };

      expect((await remove()).status).toBe(204);
      expect((await kinds()).at(-1)).toBe('delete queued');
    });
  });
});
