import { type ApiClient, type ApiFixture, startApi } from '../support/api-fixture.js';
import { makeCluster, makeTemplate, templateOf } from '../support/orders.js';

const PATH = '/v1/baymodels';

let api: ApiFixture;
let demo: ApiClient;
let other: ApiClient;
let admin: ApiClient;
beforeEach(async () => {
  api = await startApi();
  demo = await api.as('demo');
  other = await api.as('alt_demo', 'alt');
  admin = await api.as('admin');
});
afterEach(() => api.stop());

describe('Making a baymodel', () => {
  it('answers 201 with the full object and its place', async () => {
    const { status, body, headers } = await demo.post(PATH, templateOf({ dns_nameserver: '8.8.4.4' }));

    expect(status).toBe(201);
    expect(headers.location).toBe(`${api.url}${PATH}/${body.uuid}`);
    expect(body).toMatchObject({
      name: 'swarm',
      coe: 'swarm-mode',
      keypair_id: 'demo',
      dns_nameserver: '8.8.4.4',
      network_driver: 'docker',
      cluster_distro: 'debian',
      links: [
        { href: `${api.url}${PATH}/${body.uuid}`, rel: 'self' },
        { href: `${api.url}/baymodels/${body.uuid}`, rel: 'bookmark' },
      ],
    });
    for (const later of ['driver', 'project_id', 'user_id']) expect(body).not.toHaveProperty(later);
    expect((await demo.get(`/v1/clustertemplates/${body.uuid}`)).body).toMatchObject({ name: 'swarm' });
  });

  it('names one that has no name', async () => {
    const { body } = await demo.post(PATH, templateOf({ name: undefined }));

    expect(body.name).toMatch(/^[a-z]+-\d+-model$/);
  });

  it.each([
    [{ keypair_id: undefined }, 400],
    [{ keypair_id: null }, 400],
    [{ keypair_id: 'none' }, 404],
    [{ dns_nameserver: '8.8.8.8,8.8.4.4' }, 400],
    [{ coe: undefined }, 400],
    [{ image_id: 'none' }, 400],
    [{ driver: 'swarm' }, 400],
    [{ public: true }, 403],
    [{ hidden: true }, 403],
  ])('with %j is a %i', async (changes, status) => {
    expect((await demo.post(PATH, templateOf(changes))).status).toBe(status);
    expect((await demo.get(PATH)).body).toEqual({ baymodels: [] });
  });
});

describe('Baymodels that are there', () => {
  let uuid: string;
  beforeEach(async () => {
    uuid = (await demo.post(PATH, templateOf({ apiserver_port: 8080 }))).body.uuid;
  });
  const patch = (client: ApiClient, ...body: unknown[]) => client.patch(`${PATH}/${uuid}`, body);

  it('are listed in short, and in full in detail', async () => {
    const { body } = await demo.get(`${PATH}/${uuid}`);
    const { name, image_id, apiserver_port, coe, links } = body;

    expect((await demo.get(PATH)).body).toEqual({ baymodels: [{ uuid, name, image_id, apiserver_port, coe, links }] });
    expect((await demo.get(`${PATH}/detail`)).body).toEqual({ baymodels: [body] });
    expect((await demo.get(`${PATH}/swarm`)).body).toEqual(body);
    expect((await demo.get(`${PATH}/?limit=1`)).body.next).toContain(`${PATH}?`);
  });

  it('change with a 200 and the full object', async () => {
    const { status, body } = await patch(demo, { op: 'replace', path: '/flavor_id', value: 'm1.medium' });

    expect(status).toBe(200);
    expect(body).toEqual((await demo.get(`${PATH}/${uuid}`)).body);
    expect(body.flavor_id).toBe('m1.medium');
  });

  it.each([
    { op: 'remove', path: '/keypair_id' },
    { op: 'remove', path: '/coe' },
    { op: 'remove', path: '/network_driver' },
    { op: 'replace', path: '/driver', value: 'swarm' },
    { op: 'replace', path: '/uuid', value: 'x' },
    { op: 'replace', path: '/dns_nameserver', value: '8.8.8.8,8.8.4.4' },
  ])('refuse %j', async (operation) => {
    expect((await patch(demo, operation)).status).toBe(400);
  });

  it.each([{ keypair_id: null }, { dns_nameserver: '8.8.8.8,8.8.4.4' }])(
    'that were made as templates, with what no baymodel has, change too: %j',
    async (made) => {
      const uuid = await makeTemplate(demo, made);
      const rename = [{ op: 'replace', path: '/name', value: 'renamed' }];

      const { status, body } = await demo.patch(`${PATH}/${uuid}`, rename);

      expect([status, body.name]).toEqual([200, 'renamed']);
    },
  );

  it('are published by an admin alone', async () => {
    expect((await patch(demo, { op: 'replace', path: '/public', value: 'True' })).status).toBe(403);
  });

  it('that bays use stay as they are', async () => {
    await makeCluster(demo, { cluster_template_id: uuid });

    expect((await patch(demo, { op: 'replace', path: '/flavor_id', value: 'm1.medium' })).status).toBe(400);
    expect((await demo.delete(`${PATH}/${uuid}`)).status).toBe(400);
  });

  it('go with a 204', async () => {
    expect((await demo.delete(`${PATH}/${uuid}`)).status).toBe(204);
    expect((await demo.get(`${PATH}/${uuid}`)).status).toBe(404);
  });

  it('of one project can’t be changed by another, public ones neither', async () => {
    expect((await other.get(`${PATH}/${uuid}`)).status).toBe(404);
    const shared = await makeTemplate(admin, { name: 'shared', public: true });
    const rename = [{ op: 'replace', path: '/name', value: 'mine' }];

    expect((await other.get(`${PATH}/${shared}`)).status).toBe(200);
    expect((await other.patch(`${PATH}/${shared}`, rename)).status).toBe(403);
    expect((await other.delete(`${PATH}/${shared}`)).status).toBe(403);
  });
});
