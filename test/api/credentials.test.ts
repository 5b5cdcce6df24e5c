import { nodeGroups } from '../../common/db/node-groups.js';
import { operations } from '../../common/db/operations.js';
import { type ApiClient, type ApiFixture, startApi } from '../support/api-fixture.js';
import { makeCluster, settle } from '../support/orders.js';

describe('A rotation of credentials', () => {
  let api: ApiFixture;
  let demo: ApiClient;
  let uuid: string;
  let isSupported: boolean;
  beforeEach(async () => {
    isSupported = true;
    api = await startApi({ clusterTypes: { rotatesCredentials: () => isSupported } });
    demo = (await api.as('demo')).at('1.12');
    uuid = await makeCluster(demo, { name: 'web' });
    await settle(api.db, uuid, 'CREATE_COMPLETE');
  });
  afterEach(() => api.stop());

  const rotate = (client = demo, ident = 'web') => client.patch(`/v1/credentials/${ident}`);
  const kinds = () =>
    api.db.read('test', async (query) => (await operations.list(query, { clusterId: uuid })).map(({ kind }) => kind));

  it('answers 202, shows at once, and leaves the node groups as they are', async () => {
    const { status, body } = await rotate();

    expect([status, body]).toEqual([202, { uuid }]);
    expect((await demo.get(`/v1/clusters/${uuid}`)).body.status).toBe('UPDATE_IN_PROGRESS');
    const groups = await api.db.read('test', (query) => nodeGroups.list(query, { clusterId: uuid }));
    expect(groups.map((group) => group.status)).toEqual(['CREATE_COMPLETE', 'CREATE_COMPLETE']);
    expect(await kinds()).toEqual(['create', 'rotate_credentials']);
    expect(api.queue.messages).toHaveLength(2);
  });

  it('takes a request without a body whatever its content type is, and none with one', async () => {
    const bare = await demo.raw('PATCH', `/v1/credentials/${uuid}`, undefined, {
      'Content-Type': 'application/octet-stream',
    });

    expect(bare.status).toBe(202);
    expect((await demo.patch(`/v1/credentials/${uuid}`, [])).status).toBe(400);
  });

  it('is there from 1.12 on', async () => {
    expect((await rotate(demo.at('1.11'))).status).toBe(406);
    expect((await rotate(demo.at('latest'))).status).toBe(202);
  });

  it('is for members of the project, and for no admin of the cloud', async () => {
    const clients = await Promise.all([api.as('reader', 'demo'), api.as('alt_demo', 'alt'), api.as('admin')]);

    const answers = await Promise.all(clients.map((client) => rotate(client.at('1.12'), uuid)));

    expect(answers.map(({ status }) => status)).toEqual([403, 404, 404]);
    expect((await rotate(demo, 'nowhere')).status).toBe(404);
  });

  it('is refused where the driver has none, and in a state that has no account to rely on', async () => {
    isSupported = false;
    expect((await rotate()).body.errors[0].detail).toContain(
      'Rotating the credentials of a cluster of the driver swarm',
    );
    isSupported = true;
    for (const status of ['CREATE_FAILED', 'DELETE_FAILED'] as const) {
      await settle(api.db, uuid, status);
      expect([status, (await rotate()).status]).toEqual([status, 400]);
    }
    await settle(api.db, uuid, 'UPDATE_FAILED');
    expect((await rotate()).status).toBe(202);
  });

  it('waits for what is under way, and what comes then waits for it, but for a delete', async () => {
    await rotate();

    const latest = demo.at('latest');
    expect((await rotate()).body.errors[0].title).toContain('its rotate_credentials (operation');
    expect((await latest.post(`/v1/clusters/${uuid}/actions/resize`, { node_count: 1 })).status).toBe(400);
    expect((await latest.delete(`/v1/clusters/${uuid}`)).status).toBe(204);
    expect((await kinds()).at(-1)).toBe('delete');
  });
});
