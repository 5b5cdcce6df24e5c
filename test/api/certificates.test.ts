import { X509Certificate } from 'node:crypto';
import { ensureAuthority } from '../../common/authorities.js';
import { certificates } from '../../common/db/certificates.js';
import { createRequest } from '../../common/x509.js';
import { type ApiClient, type ApiFixture, startApi } from '../support/api-fixture.js';
import { makeCluster } from '../support/orders.js';

const PATH = '/v1/certificates';

let api: ApiFixture;
let demo: ApiClient;
let uuid: string;
let csr: string;
beforeAll(async () => {
  api = await startApi();
  demo = await api.as('demo');
  uuid = await makeCluster(demo);
  await ensureAuthority(api.db, api, { owner: uuid, name: 'cluster', commonName: 'web', days: 100 });
  csr = (await createRequest({ commonName: 'admin', organization: 'system:masters' })).csrPem;
});
afterAll(() => api.stop());

describe('The CA certificate', () => {
  it.each(['', '?ca_cert_type=kubernetes', '?ca_cert_type=kubelet'])('is that of the cluster%s', async (query) => {
    const { status, body } = await demo.get(`${PATH}/${uuid}${query}`);

    expect(status).toBe(200);
    expect(body).toEqual({
      cluster_uuid: uuid,
      bay_uuid: uuid,
      pem: expect.stringMatching(/^-----BEGIN CERTIFICATE-----/),
      links: [
        { href: `${api.url}${PATH}/${uuid}`, rel: 'self' },
        { href: `${api.url}/certificates/${uuid}`, rel: 'bookmark' },
      ],
    });
    expect(new X509Certificate(body.pem).ca).toBe(true);
  });

  it('is a 404 where there is none', async () => {
    const early = await makeCluster(demo, { name: 'early' });

    expect((await demo.get(`${PATH}/${early}`)).status).toBe(404);
    expect((await demo.get(`${PATH}/${uuid}?ca_cert_type=etcd`)).status).toBe(404);
    expect((await demo.get(`${PATH}/none`)).status).toBe(404);
  });

  it('is for its owner only: 403 to others of the project, 404 to other projects', async () => {
    expect((await (await api.as('reader', 'demo')).get(`${PATH}/${uuid}`)).status).toBe(403);
    expect((await (await api.as('alt_demo', 'alt')).get(`${PATH}/${uuid}`)).status).toBe(404);
    expect((await (await api.as('admin')).get(`${PATH}/${uuid}`)).status).toBe(404);
  });
});

describe('Signing', () => {
  it.each([
    ['uuid', () => ({ cluster_uuid: uuid, csr })],
    ['name', () => ({ cluster_uuid: 'web', csr, ca_cert_type: 'kubernetes' })],
    ['bay_uuid', () => ({ bay_uuid: uuid, csr, cluster_uuid: null })],
  ])('answers 201 with a certificate of the cluster, by %s', async (_how, order) => {
    const { status, body } = await demo.post(PATH, order());

    expect(status).toBe(201);
    expect(body).toMatchObject({ cluster_uuid: uuid, csr });
    const ca = new X509Certificate((await demo.get(`${PATH}/${uuid}`)).body.pem);
    const certificate = new X509Certificate(body.pem);
    expect(certificate.verify(ca.publicKey)).toBe(true);
    expect(certificate.subject).toContain('CN=admin');
    expect(certificate.ca).toBe(false);
  });

  it('keeps a record and tells of it', async () => {
    await demo.post(PATH, { cluster_uuid: uuid, csr });

    const issued = await api.db.read('test', (query) => certificates.list(query, { owner: uuid, kind: 'issued' }));
    expect(issued.at(-1)).toMatchObject({ name: 'cluster', subject: expect.stringContaining('admin') });
    const { body } = await demo.get(`/v1/clusters/${uuid}/events?sort_dir=desc&limit=1`);
    expect(body.events[0]).toMatchObject({ kind: 'certificate_signed' });
  });

  it.each([
    [{}, 'csr: missing'],
    [{ csr: 'x' }, 'cluster_uuid: missing'],
    [{ cluster_uuid: 'none', csr: 'x' }, 'Cluster none could not be found'],
    [{ cluster_uuid: 'web', csr: 'nonsense' }, 'signing request'],
    [{ cluster_uuid: 'web', csr: 'x', pem: 'y' }, 'pem: unknown or read-only'],
  ])('refuses %j with a 400', async (body, complaint) => {
    const answer = await demo.post(PATH, body);

    expect(answer.status).toBe(400);
    expect(answer.body.errors[0].detail).toContain(complaint);
  });

  it('is not for others of the project', async () => {
    const reader = await api.as('reader', 'demo');

    expect((await reader.post(PATH, { cluster_uuid: uuid, csr })).status).toBe(403);
  });

  it('has no list', async () => {
    expect((await demo.get(PATH)).status).toBe(400);
    expect((await demo.delete(`${PATH}/${uuid}`)).status).toBe(405);
  });
});
