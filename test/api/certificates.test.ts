import { X509Certificate } from 'node:crypto';
import { ensureAuthority } from '../../common/authorities.js';
import { certificates } from '../../common/db/certificates.js';
import { createRequest } from '../../common/x509.js';
import { type ApiClient, type ApiFixture, startApi } from '../support/api-fixture.js';
import { makeCluster, makeTemplate } from '../support/orders.js';

const PATH = '/v1/certificates';
/** Of magnum-tempest-plugin: an RSA key of 1024 bits, and SHA-1. */
const TEMPEST_REQUEST = `-----BEGIN CERTIFICATE REQUEST-----
MIIByjCCATMCAQAwgYkxCzAJBgNVBAYTAlVTMRMwEQYDVQQIEwpDYWxpZm9ybmlh
MRYwFAYDVQQHEw1Nb3VudGFpbiBWaWV3MRMwEQYDVQQKEwpHb29nbGUgSW5jMR8w
HQYDVQQLExZJbmZvcm1hdGlvbiBUZWNobm9sb2d5MRcwFQYDVQQDEw53d3cuZ29v
Z2xlLmNvbTCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEApZtYJCHJ4VpVXHfV
IlstQTlO4qC03hjX+ZkPyvdYd1Q4+qbAeTwXmCUKYHThVRd5aXSqlPzyIBwieMZr
WFlRQddZ1IzXAlVRDWwAo60KecqeAXnnUK+5fXoTI/UgWshre8tJ+x/TMHaQKR/J
cIWPhqaQhsJuzZbvAdGA80BLxdMCAwEAAaAAMA0GCSqGSIb3DQEBBQUAA4GBAIhl
4PvFq+e7ipARgI5ZM+GZx6mpCz44DTo0JkwfRDf+BtrsaC0q68eTf2XhYOsq4fkH
Q0uA0aVog3f5iJxCa3Hp5gxbJQ6zV6kJ0TEsuaaOhEko9sdpCoPOnRBm2i/XRD2D
6iNh8f8z0ShGsFqjDgFHyF3o+lUyj+UC6H1QW7bn
-----END CERTIFICATE REQUEST-----
`;

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
  it.each(['', '?ca_cert_type=kubernetes', '?ca_cert_type=kubelet', '?ca_cert_type=__proto__'])(
    'is that of the cluster%s',
    async (query) => {
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
    },
  );

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

  it.each([
    ['a year', 1825, {}, 365],
    ['as many days as the label says', 1825, { client_certificate_days: '7' }, 7],
    ['more than a year where the label says so', 1825, { client_certificate_days: '700' }, 700],
    ['no longer than its authority', 20, { client_certificate_days: '700' }, 20],
  ])('is good for %s', async (name, caDays, labels, days) => {
    const cluster = await makeCluster(demo, { name: name.replaceAll(' ', '-'), labels });
    await ensureAuthority(api.db, api, { owner: cluster, name: 'cluster', commonName: 'web', days: caDays });

    const { body } = await demo.post(PATH, { cluster_uuid: cluster, csr });

    const end = Date.parse(new X509Certificate(body.pem).validTo);
    expect(Math.round((end - api.clock.now()) / 86_400_000)).toBe(days);
    const told = (await demo.get(`/v1/clusters/${cluster}/events?sort_dir=desc&limit=1`)).body.events[0];
    expect(told.message).toContain(`was signed, good until ${new Date(end).toISOString().slice(0, 10)}`);
  });

  it.each(['0', '-1', 'x', '3651'])('refuses the label client_certificate_days=%s', async (client_certificate_days) => {
    const { status, body } = await demo.post('/v1/clusters', {
      name: 'refused',
      cluster_template_id: await makeTemplate(demo),
      labels: { client_certificate_days },
    });

    expect([status, body.errors[0].detail]).toEqual([400, expect.stringContaining('labels.client_certificate_days')]);
  });

  it('takes the key that tempest brings', async () => {
    const { status, body } = await demo.post(PATH, { cluster_uuid: uuid, csr: TEMPEST_REQUEST });

    expect([status, new X509Certificate(body.pem).subject]).toEqual([
      201,
      expect.stringContaining('CN=www.google.com'),
    ]);
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
