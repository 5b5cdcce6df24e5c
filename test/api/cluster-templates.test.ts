import { seedId, seedUuid } from '../../devstack/devcloud/seed-id.js';
import { type ApiClient, type ApiFixture, startApi } from '../support/api-fixture.js';
import { makeCluster, makeTemplate, templateOf } from '../support/orders.js';

let api: ApiFixture;
let demo: ApiClient;
beforeEach(async () => {
  api = await startApi();
  demo = await api.as('demo');
});
afterEach(() => api.stop());

const PATH = '/v1/clustertemplates';
const NOW = '2030-01-01T00:00:00+00:00';

describe('Making a template', () => {
  it('answers 201 with the full object and its place', async () => {
    const { status, body, headers } = await demo.post(PATH, templateOf({ labels: { availability_zone: 'nova' } }));

    expect(status).toBe(201);
    expect(headers.location).toBe(`${api.url}${PATH}/${body.uuid}`);
    expect(body).toEqual({
      uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: 'swarm',
      coe: 'swarm-mode',
      image_id: 'debian-12',
      flavor_id: 'm1.small',
      master_flavor_id: 'm1.small',
      keypair_id: 'demo',
      external_network_id: 'public',
      fixed_network: null,
      fixed_subnet: null,
      dns_nameserver: null,
      network_driver: 'docker',
      volume_driver: null,
      server_type: 'vm',
      docker_volume_size: null,
      docker_storage_driver: null,
      apiserver_port: null,
      http_proxy: null,
      https_proxy: null,
      no_proxy: null,
      labels: { availability_zone: 'nova' },
      tls_disabled: false,
      public: false,
      hidden: false,
      registry_enabled: false,
      master_lb_enabled: false,
      floating_ip_enabled: true,
      insecure_registry: null,
      tags: null,
      cluster_distro: 'debian',
      driver: 'swarm',
      project_id: seedId('project demo'),
      user_id: seedId('user demo'),
      created_at: NOW,
      updated_at: null,
      links: [
        { href: `${api.url}${PATH}/${body.uuid}`, rel: 'self' },
        { href: `${api.url}/clustertemplates/${body.uuid}`, rel: 'bookmark' },
      ],
    });
    expect((await demo.get(`${PATH}/${body.uuid}`)).body).toEqual(body);
  });

  it('takes ids as well as names, and nulls for what is open', async () => {
    const order = templateOf({
      image_id: seedUuid('image debian-12'),
      flavor_id: '2',
      fixed_network: seedUuid('network private'),
      fixed_subnet: 'private-subnet',
      docker_volume_size: null,
      labels: null,
      name: null,
    });

    expect((await demo.post(PATH, order)).status).toBe(201);
  });

  it('overwrites the distribution by that of the image', async () => {
    const { body } = await demo.post(PATH, templateOf({ image_id: 'ubuntu-22.04', cluster_distro: 'fedora' }));

    expect(body.cluster_distro).toBe('ubuntu');
  });

  it('refuses an image without os_distro with the remedy', async () => {
    const { status, body } = await demo.post(PATH, templateOf({ image_id: 'plain' }));

    expect(status).toBe(400);
    expect(body.errors[0].title).toContain('[image_without_os_distro] Image plain has no property os_distro');
    expect(body.errors[0].detail).toContain('openstack image set --property os_distro=debian');
  });

  it('looks at an image again that its owner has mended', async () => {
    await demo.post(PATH, templateOf({ image_id: 'plain' }));
    const image = api.cloud.state.images.get(seedUuid('image plain'));
    Object.assign(image ?? {}, { os_distro: 'debian' });

    expect((await demo.post(PATH, templateOf({ image_id: 'plain' }))).status).toBe(201);
  });

  it.each(['ubuntu:22.04', 'in:debian-12', 'eq:debian-12', ':'])('knows no image %j', async (image) => {
    const { status, body } = await demo.post(PATH, templateOf({ image_id: image }));

    expect(status).toBe(400);
    expect(body.errors[0].detail).toContain(`Image ${image} could not be found`);
  });

  it('names everything that the cloud does not have at once', async () => {
    const order = templateOf({
      image_id: 'no-image',
      flavor_id: 'no-flavor',
      master_flavor_id: 'no-master-flavor',
      external_network_id: 'private',
      fixed_network: 'no-network',
      fixed_subnet: 'no-subnet',
    });

    const { status, body } = await demo.post(PATH, order);

    expect(status).toBe(400);
    const { detail } = body.errors[0];
    for (const field of Object.keys(order)) {
      if (/_id$|fixed/.test(field) && field !== 'keypair_id') expect(detail).toContain(`${field}: [`);
    }
    expect(detail).toContain('External network private could not be found');
  });

  it('answers 409 to a name that several images have', async () => {
    const images = api.cloud.state.images;
    const image = images.get(seedUuid('image debian-12'));
    if (image !== undefined) images.set('other', { ...image, id: 'other' });

    expect((await demo.post(PATH, templateOf())).status).toBe(409);
  });

  it('refuses a kind that no driver serves', async () => {
    const { status, body } = await demo.post(PATH, templateOf({ coe: 'dcos' }));

    expect(status).toBe(400);
    expect(body.errors[0].detail).toContain('no driver serves dcos on debian');
  });

  it('refuses devicemapper without a volume for it', async () => {
    const { body } = await demo.post(PATH, templateOf({ docker_storage_driver: 'devicemapper' }));

    expect(body.errors[0].detail).toContain('docker_volume_size: must be at least 3');
  });

  it('answers 503 while a service that it asks is down, and leaves no trace', async () => {
    api.cloud.faults.order({ service: 'image', times: 1, action: { status: 503 } });

    const { status, headers } = await demo.post(PATH, templateOf());

    expect(status).toBe(503);
    expect(headers['retry-after']).toBeDefined();
    expect((await demo.get(PATH)).body.clustertemplates).toEqual([]);
  });

  it('looks the same things up only once in 30 s', async () => {
    await demo.post(PATH, templateOf());
    for (const service of ['image', 'compute', 'network'] as const) {
      api.cloud.faults.order({ service, times: 9, action: { status: 503 } });
    }

    expect((await demo.post(PATH, templateOf())).status).toBe(201);
    await api.clock.advance(31_000);
    expect((await demo.post(PATH, templateOf())).status).toBe(503);
  });
});

describe('Templates of others', () => {
  it('are seen by nobody else until an admin makes them public', async () => {
    const alt = await api.as('alt_demo', 'alt');
    const admin = await api.as('admin');
    const uuid = await makeTemplate(demo);
    const publish = [{ op: 'replace', path: '/public', value: 'true' }];

    expect((await alt.get(`${PATH}/${uuid}`)).status).toBe(404);
    expect((await demo.patch(`${PATH}/${uuid}`, publish)).status).toBe(403);
    expect((await demo.post(PATH, templateOf({ public: true }))).status).toBe(403);
    const offered = await makeTemplate(admin, { name: 'offered', public: true, keypair_id: null });

    expect((await alt.get(`${PATH}/${offered}`)).status).toBe(200);
    expect((await alt.get(PATH)).body.clustertemplates).toHaveLength(1);
    expect((await alt.delete(`${PATH}/${offered}`)).status).toBe(403);
    expect((await alt.patch(`${PATH}/${offered}`, [{ op: 'replace', path: '/name', value: 'x' }])).status).toBe(403);
    expect((await admin.get(PATH)).body.clustertemplates).toHaveLength(2);
  });

  it('that are public and hidden are for admins to make clusters of', async () => {
    const [alt, admin] = [(await api.as('alt_demo', 'alt')).at('latest'), (await api.as('admin')).at('latest')];
    const uuid = await makeTemplate(demo, { keypair_id: null });
    const order = { name: 'c', cluster_template_id: uuid };
    expect((await admin.post('/v1/clusters?dry_run=true', order)).status).toBe(404);
    const hide = ['public', 'hidden'].map((field) => ({ op: 'replace', path: `/${field}`, value: true }));
    expect((await admin.patch(`${PATH}/${uuid}`, hide)).status).toBe(200);

    expect((await alt.post('/v1/clusters?dry_run=true', order)).status).toBe(404);
    expect((await admin.post('/v1/clusters?dry_run=true', order)).status).toBe(200);
  });
});

describe('Changing a template', () => {
  it('answers 200 with the full object', async () => {
    const uuid = await makeTemplate(demo);
    await api.clock.advance(60_000);

    const { status, body } = await demo.patch(`${PATH}/swarm`, [
      { op: 'replace', path: '/labels', value: "{'availability_zone': 'it\\'s', 'n': 3}" },
      { op: 'replace', path: '/master_lb_enabled', value: 'false' },
      { op: 'add', path: '/dns_nameserver', value: '9.9.9.9' },
      { op: 'replace', path: '/flavor_id', value: 'm1.medium' },
      { op: 'remove', path: '/keypair_id' },
    ]);

    expect(status).toBe(200);
    expect(body).toMatchObject({
      uuid,
      labels: { availability_zone: "it's", n: '3' },
      dns_nameserver: '9.9.9.9',
      flavor_id: 'm1.medium',
      keypair_id: null,
      updated_at: '2030-01-01T00:01:00+00:00',
    });
    expect((await demo.get(`${PATH}/${uuid}`)).body).toEqual(body);
  });

  it('with nothing to change answers 200', async () => {
    const uuid = await makeTemplate(demo);

    expect((await demo.patch(`${PATH}/${uuid}`, [])).status).toBe(200);
  });

  it('adds and removes single labels', async () => {
    await makeTemplate(demo, { labels: { availability_zone: 'nova', old: '1' } });

    const { body } = await demo.patch(`${PATH}/swarm`, [
      { op: 'add', path: '/labels/fresh', value: 'yes' },
      { op: 'remove', path: '/labels/old' },
    ]);

    expect(body.labels).toEqual({ availability_zone: 'nova', fresh: 'yes' });
  });

  it.each([
    [{ op: 'replace', path: '/uuid', value: 'x' }, 'can not be changed'],
    [{ op: 'replace', path: '/links', value: 'x' }, 'can not be changed'],
    [{ op: 'remove', path: '/coe' }, 'can not be removed'],
    [{ op: 'remove', path: '/image_id' }, 'can not be removed'],
    [{ op: 'add', path: '/nonsense', value: 'x' }, 'no such attribute'],
    [{ op: 'add', path: '/name', value: 'x' }, 'use replace'],
    [{ op: 'replace', path: '/name' }, 'needs a value'],
    [{ op: 'move', path: '/name' }, 'op: must be'],
    [{ op: 'replace', path: 'name', value: 'x' }, 'path: must be'],
    [{ op: 'replace', path: '/labels', value: { a: 1 } }, 'value: must be'],
    [{ op: 'replace', path: '/labels', value: "{'a': " }, '/labels: The value is no Python literal'],
    [{ op: 'replace', path: '/labels', value: "['a']" }, 'labels: must be an object'],
    [{ op: 'remove', path: '/labels/missing' }, "can't be applied"],
    [{ op: 'add', path: '/labels/__proto__/x', value: 'y' }, "can't be applied"],
    [{ op: 'replace', path: '/coe', value: 'nonsense' }, 'coe: no driver serves nonsense'],
    [{ op: 'replace', path: '/image_id', value: 'plain' }, 'image_without_os_distro'],
    [{ op: 'replace', path: '/driver', value: 'other' }, 'driver: '],
  ])('refuses %j', async (operation, complaint) => {
    const uuid = await makeTemplate(demo);
    const before = await demo.get(`${PATH}/${uuid}`);

    const { status, body } = await demo.patch(`${PATH}/${uuid}`, [operation]);

    expect(status).toBe(400);
    expect(body.errors[0].detail).toContain(complaint);
    expect((await demo.get(`${PATH}/${uuid}`)).body).toEqual(before.body);
  });

  it('that clusters use is refused but for name, tags and what others see', async () => {
    const uuid = await makeTemplate(demo);
    await makeCluster(demo, { cluster_template_id: uuid });
    const change = (path: string, value: string) =>
      demo.patch(`${PATH}/${uuid}`, [{ op: 'replace', path, value }]).then(({ status }) => status);

    expect(await change('/flavor_id', 'm1.large')).toBe(400);
    expect(await change('/labels', "{'a': 'b'}")).toBe(400);
    expect(await change('/name', 'renamed')).toBe(200);
    expect(await change('/tags', 'a,b')).toBe(200);
    const { status } = await demo.patch(`${PATH}/${uuid}`, [
      { op: 'replace', path: '/name', value: 'again' },
      { op: 'replace', path: '/tags', value: 'c' },
    ]);
    expect(status).toBe(400);
  });
});

describe('Deleting a template', () => {
  it('answers 204, and 404 from then on', async () => {
    const uuid = await makeTemplate(demo);

    const { status, body, headers } = await demo.delete(`${PATH}/${uuid}`);

    expect(status).toBe(204);
    expect(body).toBe('');
    expect(headers['content-type']).toBeUndefined();
    expect((await demo.get(`${PATH}/${uuid}`)).status).toBe(404);
  });

  it('that clusters use is refused', async () => {
    const uuid = await makeTemplate(demo);
    await makeCluster(demo, { cluster_template_id: uuid });

    expect((await demo.delete(`${PATH}/${uuid}`)).status).toBe(400);
    expect((await demo.get(`${PATH}/${uuid}`)).status).toBe(200);
  });

  it('by a name that several have is refused with a 409', async () => {
    await makeTemplate(demo);
    await makeTemplate(demo);

    expect((await demo.delete(`${PATH}/swarm`)).status).toBe(409);
  });
});
