import { x509KeyPairs } from '../../common/db/x509-key-pairs.js';
import { type ApiClient, type ApiFixture, startApi } from '../support/api-fixture.js';
import { makeCluster } from '../support/orders.js';

const PATH = '/v1/x509keypairs';
const PEMS = { ca_cert: 'AAA....AAA', certificate: 'BBB....BBB', private_key: 'CCC....CCC' };

let api: ApiFixture;
let demo: ApiClient;
let bay: string;
beforeEach(async () => {
  api = await startApi();
  demo = await api.as('demo');
  bay = await makeCluster(demo);
});
afterEach(() => api.stop());

const order = (changes: Record<string, unknown> = {}) => ({ name: 'mine', bay_uuid: bay, ...PEMS, ...changes });

it('An x509keypair is made with a 201, and its key is sealed', async () => {
  const { status, body, headers } = await demo.post(PATH, order({ bay_uuid: 'web' }));

  expect(status).toBe(201);
  expect(headers.location).toBe(`${api.url}${PATH}/${body.uuid}`);
  expect(body).toEqual({
    uuid: expect.any(String),
    name: 'mine',
    bay_uuid: bay,
    ...PEMS,
    created_at: '2030-01-01T00:00:00+00:00',
    updated_at: null,
    links: [
      { href: `${api.url}${PATH}/${body.uuid}`, rel: 'self' },
      { href: `${api.url}/x509keypairs/${body.uuid}`, rel: 'bookmark' },
    ],
  });
  const rows = await api.db.read('test', (query) => x509KeyPairs.rows(query));
  expect(JSON.stringify(rows)).not.toContain('CCC');
});

it.each([
  [{ bay_uuid: undefined }],
  [{ bay_uuid: 'none' }],
  [{ private_key: 'x'.repeat(65_537) }],
  [{ name: 5 }],
  [{ user_id: 'me' }],
])('One with %j is a 400', async (changes) => {
  expect((await demo.post(PATH, order(changes))).status).toBe(400);
  expect((await demo.get(PATH)).body).toEqual({ x509keypairs: [] });
});

it('Its bay is all that it must have', async () => {
  const { status, body } = await demo.post(PATH, { bay_uuid: bay });

  expect(status).toBe(201);
  expect(body).toMatchObject({ name: null, ca_cert: null, certificate: null, private_key: null });
});

it('It is shown by uuid and name, listed, paged and deleted', async () => {
  const made = (await demo.post(PATH, order())).body;

  expect((await demo.get(`${PATH}/${made.uuid}`)).body).toEqual(made);
  expect((await demo.get(`${PATH}/mine`)).body).toEqual(made);
  expect((await demo.get(PATH)).body).toEqual({ x509keypairs: [made] });
  expect((await demo.get(`${PATH}/detail`)).body).toEqual({ x509keypairs: [made] });
  expect((await demo.get(`${PATH}/?limit=1`)).body.next).toContain(`marker=${made.uuid}`);
  await demo.post(PATH, order());
  expect((await demo.get(`${PATH}/mine`)).status).toBe(409);
  expect((await demo.delete(`${PATH}/${made.uuid}`)).status).toBe(204);
  expect((await demo.get(`${PATH}/${made.uuid}`)).status).toBe(404);
  expect((await demo.patch(`${PATH}/mine`, [])).status).toBe(405);
});

it('It is nobody else’s: not of the same project, not an admin’s', async () => {
  const { uuid } = (await demo.post(PATH, order())).body;

  const others = [await api.as('reader', 'demo'), await api.as('admin'), await api.as('alt_demo', 'alt')];
  for (const other of others) {
    expect((await other.get(PATH)).body).toEqual({ x509keypairs: [] });
    expect((await other.get(`${PATH}/${uuid}`)).status).toBe(404);
    expect((await other.get(`${PATH}/?marker=${uuid}`)).status).toBe(404);
    expect((await other.delete(`${PATH}/${uuid}`)).status).toBe(404);
  }
});

it('A bay has at most 100', async () => {
  for (let n = 0; n < 100; n++) await demo.post(PATH, { bay_uuid: bay });

  expect((await demo.post(PATH, { bay_uuid: bay })).status).toBe(403);
});
