import { clusters } from '../../common/db/clusters.js';
import { events } from '../../common/db/events.js';
import { nodeGroups } from '../../common/db/node-groups.js';
import { operations } from '../../common/db/operations.js';
import { seedId, seedUuid } from '../../devstack/devcloud/seed-id.js';
import { type ApiClient, type ApiFixture, startApi } from '../support/api-fixture.js';
import { makeCluster, makeTemplate } from '../support/orders.js';
import { until } from '../support/until.js';

let api: ApiFixture;
let demo: ApiClient;
let template: string;
beforeEach(async () => {
  api = await startApi();
  demo = await api.as('demo');
  template = await makeTemplate(demo);
});
afterEach(() => api.stop());

const order = (changes: Record<string, unknown> = {}) => ({ name: 'web', cluster_template_id: template, ...changes });

function rows(uuid: string) {
  return api.db.read('test', async (query) => ({
    cluster: await clusters.find(query, { uuid }),
    groups: await nodeGroups.list(query, { clusterId: uuid }),
    operations: await operations.list(query, { clusterId: uuid }),
    events: await events.list(query, { clusterId: uuid }),
  }));
}

function rowCount(table: string): Promise<number> {
  return api.db.read('test', async (query) => Number((await query(table).count({ n: '*' }).first())?.n));
}

describe('Creating a cluster', () => {
  it('answers 202 with the uuid and nothing else', async () => {
    const { status, body, headers } = await demo.post('/v1/clusters', order());

    expect(status).toBe(202);
    expect(body).toEqual({ uuid: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(headers.location).toBeUndefined();
  });

  it('has written cluster, groups, operation and event before the answer', async () => {
    const { body, headers } = await demo.post('/v1/clusters', order({ node_count: 2 }));

    const written = await rows(body.uuid);
    expect(written.cluster).toMatchObject({
      status: 'CREATE_IN_PROGRESS',
      driver: 'swarm',
      keypair: 'demo',
      sshPublicKey: expect.stringMatching(/^ssh-ed25519 /),
      createTimeout: 60,
      projectId: seedId('project demo'),
      userId: seedId('user demo'),
      updatedAt: undefined,
    });
    expect(written.cluster?.accountRoles.toSorted()).toEqual(
      ['member', 'reader', 'heat_stack_owner', 'load-balancer_member'].map((name) => seedId(`role ${name}`)).sort(),
    );
    expect(written.groups).toMatchObject([
      { name: 'default-master', role: 'master', nodeCount: 1, isDefault: true, flavorId: 'm1.small' },
      { name: 'default-worker', role: 'worker', nodeCount: 2, isDefault: true, imageId: 'debian-12' },
    ]);
    expect(written.operations).toMatchObject([
      {
        kind: 'create',
        status: 'queued',
        openKey: body.uuid,
        requestId: headers['x-openstack-request-id'],
        deadlineAt: api.clock.now() + 60 * 60_000,
      },
    ]);
    expect(written.events).toMatchObject([
      { kind: 'operation_accepted', actor: seedId('user demo'), message: 'Create accepted: 1 master and 2 workers.' },
    ]);
    expect(api.queue.messages).toEqual([
      { operationId: written.operations[0]?.uuid, requestId: headers['x-openstack-request-id'] },
    ]);
  });

  it('is shown by the GET right after it', async () => {
    const uuid = await makeCluster(demo);

    const { status, body } = await demo.get(`/v1/clusters/${uuid}`);

    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'CREATE_IN_PROGRESS', node_count: 2, master_count: 1, updated_at: null });
  });

  it('is accepted while the broker is down or silent', async () => {
    api.queue.behave = async () => {
      throw new Error('no broker');
    };
    expect((await demo.post('/v1/clusters', order())).status).toBe(202);

    let asked = false;
    api.queue.behave = () => {
      asked = true;
      return new Promise(() => {});
    };
    const silent = demo.post('/v1/clusters', order());
    await until(() => asked);
    await api.clock.advance(3000);

    expect((await silent).status).toBe(202);
    expect(await rowCount('clusters')).toBe(2);
  });

  it('takes what the request leaves open from the template', async () => {
    const own = await makeTemplate(demo, {
      name: 'own',
      labels: { availability_zone: 'nova', a: '1' },
      floating_ip_enabled: false,
      fixed_network: 'private',
      fixed_subnet: 'private-subnet',
    });

    const nothing = await makeCluster(demo, { cluster_template_id: own, name: undefined, labels: {} });
    const replaced = await makeCluster(demo, { cluster_template_id: own, labels: { b: '2' } });
    const merged = await makeCluster(demo, { cluster_template_id: own, labels: { b: 2 }, merge_labels: 'yes' });
    const shown = (uuid: string) => demo.get(`/v1/clusters/${uuid}`).then(({ body }) => body);

    expect(await shown(nothing)).toMatchObject({
      name: expect.stringMatching(/^[a-z]+-\d{1,2}-cluster$/),
      labels: { availability_zone: 'nova', a: '1' },
      floating_ip_enabled: false,
      fixed_network: 'private',
      keypair: 'demo',
      flavor_id: 'm1.small',
    });
    expect((await shown(replaced)).labels).toEqual({ b: '2' });
    expect((await shown(merged)).labels).toEqual({ availability_zone: 'nova', a: '1', b: '2' });
  });

  it('takes the only subnet of a network that is named without one', async () => {
    const uuid = await makeCluster(demo, { fixed_network: 'private', floating_ip_enabled: false });

    const { body } = await demo.get(`/v1/clusters/${uuid}`);
    expect(body).toMatchObject({ fixed_network: 'private', fixed_subnet: seedUuid('subnet private-subnet') });
  });

  it('lets two clusters have one name', async () => {
    await makeCluster(demo);

    expect((await demo.post('/v1/clusters', order())).status).toBe(202);
    expect((await demo.get('/v1/clusters/web')).status).toBe(409);
  });

  it('stores an unknown label and warns of it with the nearest right name', async () => {
    const uuid = await makeCluster(demo, { labels: { availability_zones: 'nova' } });

    const { events: written, cluster } = await rows(uuid);

    expect(cluster?.labels).toEqual({ availability_zones: 'nova' });
    expect(written).toMatchObject([
      { kind: 'operation_accepted' },
      { kind: 'label_unknown', details: { label: 'availability_zones', nearest: 'availability_zone' } },
    ]);
  });
});

describe('A cluster that can not be', () => {
  it.each([
    [{ cluster_template_id: undefined }, 'cluster_template_id: missing'],
    [{ cluster_template_id: 'nothing' }, 'ClusterTemplate nothing could not be found'],
    [{ name: '1st' }, 'name: must be a letter'],
    [{ name: 'x'.repeat(243) }, 'name: must have at most 242'],
    [{ node_count: -1 }, 'node_count: must be at least 0'],
    [{ node_count: 0 }, 'node_count: must be at least 1 before version 1.10'],
    [{ master_count: 0 }, 'master_count: must be at least 1'],
    [{ flavor_id: 'none', master_flavor_id: 'neither' }, 'flavor_not_found'],
    [{ fixed_network: 'none' }, 'network_not_found'],
    [{ flavor_id: '..' }, 'flavor_id: ".." is neither a name nor an id'],
    [{ keypair: '\ud800' }, 'keypair: must be Unicode'],
    [{ status: 'CREATE_COMPLETE' }, 'status: unknown or read-only'],
    [{ api_address: null }, 'api_address: unknown or read-only'],
    [{ labels: { availability_zone: '' } }, 'labels.availability_zone'],
  ])('is refused without a trace: %j', async (changes, complaint) => {
    const { status, body } = await demo.post('/v1/clusters', order(changes));

    expect(status).toBe(400);
    expect(body.errors[0].detail).toContain(complaint);
    for (const table of ['clusters', 'node_groups', 'operations', 'events']) expect(await rowCount(table)).toBe(0);
    expect(api.queue.messages).toEqual([]);
  });

  it('may have no workers from 1.10 on', async () => {
    expect((await demo.at('1.10').post('/v1/clusters', order({ node_count: 0 }))).status).toBe(202);
  });

  it('is a 404 for an unknown template from 1.10 on', async () => {
    const { status } = await demo.at('1.10').post('/v1/clusters', order({ cluster_template_id: 'nothing' }));

    expect(status).toBe(404);
  });

  it('is a 404 for a keypair that its creator does not have', async () => {
    const { status, body } = await demo.post('/v1/clusters', order({ keypair: 'mine' }));

    expect(status).toBe(404);
    expect(body.errors[0].title).toBe('Keypair mine could not be found');
  });

  it('is refused when the image is another distribution by now', async () => {
    const image = [...api.cloud.state.images.values()].find(({ name }) => name === 'debian-12');
    Object.assign(image ?? {}, { os_distro: 'ubuntu' });
    await api.clock.advance(31_000);

    const { status, body } = await demo.post('/v1/clusters', order());

    expect(status).toBe(400);
    expect(body.errors[0].detail).toContain('os_distro ubuntu now');
  });

  it('is refused when its account would have no role', async () => {
    const strict = await startApi({ settings: { BAYOU_TRUST__ALLOWED_ROLES: 'creator' } });
    const client = await strict.as('demo');
    const made = await makeTemplate(client);

    const { status, body } = await client.post('/v1/clusters', { name: 'web', cluster_template_id: made });
    await strict.stop();

    expect(status).toBe(403);
    expect(body.errors[0].title).toContain('you hold none of creator');
  });

  it("has the roles that the operator names, whatever its creator's are", async () => {
    const named = await startApi({ settings: { BAYOU_TRUST__ROLES: 'member' } });
    const client = await named.as('demo');

    const uuid = await makeCluster(client);
    const cluster = await named.db.read('test', (query) => clusters.find(query, { uuid }));
    await named.stop();

    expect(cluster?.accountRoles).toEqual([seedId('role member')]);
  });
});
