import { X509Certificate } from 'node:crypto';
import { certificates } from '../../common/db/certificates.js';
import { nodes } from '../../common/db/nodes.js';
import { secrets } from '../../common/db/secrets.js';
import { createAuthority, createRequest, signRequest, validFor } from '../../common/x509.js';
import { errorCode, HOUR_MS, type ListenerFixture, startListenerFixture } from '../support/listener-fixture.js';

const DAY_MS = 24 * HOUR_MS;
const PROFILE = { ca: 'cluster', commonName: 'web-master-0', usages: ['server' as const], names: ['10.0.0.5'] };

describe('what a node may see and do', () => {
  let fixture: ListenerFixture;

  beforeEach(async () => {
    fixture = await startListenerFixture();
  });
  afterEach(() => fixture.stop());

  test('without a certificate it may only enrol', async () => {
    const stranger = fixture.client();

    const answers = await Promise.all([
      stranger.post('/v1/heartbeat', { ready: true }),
      stranger.post('/v1/steps', {}),
      stranger.post('/v1/certificates', {}),
      stranger.get('/v1/authorities/cluster'),
      stranger.get('/v1/secrets/token'),
      stranger.put('/v1/secrets/token', {}),
    ]);

    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 401]);
  });

  test('a certificate of another authority opens nothing', async () => {
    const { node } = await fixture.enrolled();
    const foreign = await createAuthority({ commonName: 'bayou nodes', ...validFor(30, fixture.clock.now()) });
    const { csrPem, privateKeyPem: key } = await createRequest({ commonName: 'x' });
    const { pem: cert } = await signRequest({
      csrPem,
      authority: foreign,
      subject: { commonName: node.uuid, organization: node.clusterId },
      usages: ['client'],
      ...validFor(30, fixture.clock.now()),
    });

    const answer = await fixture.client({ key, cert }).post('/v1/heartbeat', { ready: true });

    expect(answer.status).toBe(401);
  });

  test('an expired certificate opens nothing, on a connection that is open too', async () => {
    const { client } = await fixture.enrolled();
    expect((await client.post('/v1/heartbeat', { ready: false })).status).toBe(200);

    await fixture.clock.advance(30 * DAY_MS);

    expect((await client.post('/v1/heartbeat', { ready: false })).status).toBe(401);
  });

  test('a node whose row is gone is told so', async () => {
    const { node, client } = await fixture.enrolled();
    await nodes.delete(fixture.knex, { uuid: node.uuid });

    const answer = await client.post('/v1/heartbeat', { ready: true });

    expect([answer.status, errorCode(answer)]).toEqual([410, 'node_gone']);
  });

  test('a node gets a certificate with exactly what its profile says', async () => {
    const authority = await fixture.addAuthority('cluster');
    const { client, node } = await fixture.enrolled({
      role: 'master',
      certificateProfiles: { 'docker-server': PROFILE },
    });
    const { csrPem } = await createRequest({ commonName: 'root', organization: 'system:masters' });

    const answer = await client.post('/v1/certificates', { profile: 'docker-server', csr: csrPem });
    const ca = await client.get('/v1/authorities/cluster');

    expect(answer.status).toBe(200);
    expect(answer.body.ca).toBe(authority.certificatePem);
    expect(ca.body.certificate).toBe(authority.certificatePem);
    const certificate = new X509Certificate(String(answer.body.certificate));
    expect(certificate.subject).toBe('CN=web-master-0');
    expect(certificate.subjectAltName).toBe('IP Address:10.0.0.5');
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(await certificates.list(fixture.knex, { nodeId: node.uuid, name: 'docker-server' })).toHaveLength(1);
  });

  test("a worker gets no certificate of a manager's profile, and knows whom to trust", async () => {
    await fixture.addAuthority('cluster');
    await fixture.enrolled({ role: 'master', certificateProfiles: { 'docker-server': PROFILE } });
    const worker = await fixture.enrolled();

    const answer = await worker.client.post('/v1/certificates', { profile: 'docker-server', csr: worker.csrPem });

    expect(answer.status).toBe(403);
    expect((await worker.client.get('/v1/authorities/cluster')).status).toBe(200);
    expect(await fixture.events('node_refused')).toMatchObject([
      { actor: `node ${worker.node.name}`, message: expect.stringContaining('no certificate profile docker-server') },
    ]);
    expect((await worker.client.post('/v1/certificates', { profile: '__proto__', csr: worker.csrPem })).status).toBe(
      400,
    );
  });

  test('what is signed once is signed for one key, for its time, and told', async () => {
    await fixture.addAuthority('cluster');
    const bootstrap = {
      ca: 'cluster',
      commonName: 'bayou:bootstrap',
      organization: 'system:masters',
      usages: ['client' as const],
      names: [],
      lifetimeMinutes: 60,
      once: true,
    };
    const { client, csrPem, node } = await fixture.enrolled({ role: 'master', certificateProfiles: { bootstrap } });
    const ask = (csr: string) => client.post('/v1/certificates', { profile: 'bootstrap', csr });
    const other = await createRequest({ commonName: 'node' });

    const first = await ask(csrPem);
    const again = await ask(csrPem);
    const another = await ask(other.csrPem);

    expect([first.status, again.status, another.status]).toEqual([200, 200, 403]);
    expect(again.body.certificate).toBe(first.body.certificate);
    const { validTo, subject } = new X509Certificate(String(first.body.certificate));
    expect(Date.parse(validTo) - fixture.clock.now()).toBeLessThanOrEqual(3_600_000);
    expect(subject).toContain('O=system:masters');
    expect(await fixture.events('certificate_issued')).toMatchObject([
      { actor: `node ${node.name}`, message: expect.stringContaining('CN=bayou:bootstrap, for 60 minutes') },
    ]);
  });

  test('what is good for minutes is signed whenever it is asked for, and told each time', async () => {
    await fixture.addAuthority('cluster');
    const { names, usages, ca } = { names: [], usages: ['client' as const], ca: 'cluster' };
    const addons = { ca, commonName: 'bayou:addons', usages, names, lifetimeMinutes: 60 };
    const { client, csrPem } = await fixture.enrolled({ role: 'master', certificateProfiles: { addons } });
    const other = await createRequest({ commonName: 'node' });

    const answers = [
      await client.post('/v1/certificates', { profile: 'addons', csr: csrPem }),
      await client.post('/v1/certificates', { profile: 'addons', csr: other.csrPem }),
    ];

    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    const { validTo } = new X509Certificate(String(answers[1]?.body.certificate));
    expect(Date.parse(validTo) - fixture.clock.now()).toBeLessThanOrEqual(3_600_000);
    expect((await fixture.events('certificate_issued')).map(({ message }) => message)).toEqual(
      Array(2).fill(expect.stringContaining('CN=bayou:addons, for 60 minutes')),
    );
  });

  test('an authority that is not made yet is to be asked for again', async () => {
    const { client, csrPem } = await fixture.enrolled({ certificateProfiles: { 'docker-server': PROFILE } });

    const answer = await client.post('/v1/certificates', { profile: 'docker-server', csr: csrPem });

    expect([answer.status, answer.headers['retry-after']]).toEqual([404, '2']);
  });

  test('secrets go by role: a manager sends, a worker reads what is for it', async () => {
    await fixture.addSecret('manager-token', ['master'], ['master']);
    await fixture.addSecret('worker-token', ['*'], ['master']);
    const manager = await fixture.enrolled({ role: 'master' });
    const worker = await fixture.enrolled();
    const early = await worker.client.get('/v1/secrets/worker-token');
    expect([early.status, early.headers['retry-after']]).toEqual([404, '2']);

    const sent = await manager.client.put('/v1/secrets/worker-token', { value: 'SWMTKN-1' });

    expect(sent.status).toBe(200);
    expect((await worker.client.get('/v1/secrets/worker-token')).body).toEqual({ value: 'SWMTKN-1' });
    expect((await worker.client.get('/v1/secrets/manager-token')).status).toBe(403);
    expect((await worker.client.put('/v1/secrets/worker-token', { value: 'mine' })).status).toBe(403);
  });

  test('a secret sent twice is written once and wakes the operation once', async () => {
    await fixture.addSecret('worker-token', ['worker'], ['master']);
    const operationId = await fixture.addWaitingOperation();
    const manager = await fixture.enrolled({ role: 'master' });

    await manager.client.put('/v1/secrets/worker-token', { value: 'a' });
    await manager.client.put('/v1/secrets/worker-token', { value: 'a' });

    expect(fixture.notified).toEqual([operationId]);
    const [row] = await secrets.list(fixture.knex, { name: 'worker-token' });
    expect(row?.sealed).toMatch(/^v1:/);
  });

  test('the key of an authority is for masters, and told once for each of them and each authority', async () => {
    const authority = await fixture.addAuthority('cluster');
    const value = JSON.stringify({ certificate: authority.certificatePem, key: authority.privateKeyPem });
    const master = await fixture.enrolled({ role: 'master' });
    const worker = await fixture.enrolled();
    const ask = ({ client }: typeof master) => client.get('/v1/secrets/signing-authority');
    expect((await ask(master)).status).toBe(404);

    await fixture.addSecret('signing-authority', ['master'], []);
    await fixture.setSecret('signing-authority', value);
    const answers = [await ask(master), await ask(worker), await ask(master)];
    const next = await createAuthority({ commonName: 'next', ...validFor(30, fixture.clock.now()) });
    const renewed = JSON.stringify({ certificate: next.certificatePem, key: next.privateKeyPem });
    await fixture.setSecret('signing-authority', renewed);
    answers.push(await ask(master));

    expect(answers.map(({ status }) => status)).toEqual([200, 403, 200, 200]);
    expect(answers.map(({ body }) => body.value)).toEqual([value, undefined, value, renewed]);
    const told = await fixture.events('authority_key_given');
    expect(told.map(({ actor }) => actor)).toEqual(Array(2).fill(`node ${master.node.name}`));
    expect(told.map(({ details }) => details.authority)).toEqual(
      [authority, next].map(({ certificatePem }) => new X509Certificate(certificatePem).fingerprint256),
    );
    expect(JSON.stringify(told)).not.toContain('PRIVATE KEY');
  });

  test('a node of another cluster reaches no secret of this one', async () => {
    await fixture.addSecret('worker-token', ['*'], ['*']);
    const foreign = await fixture.enrolled({ clusterId: 'cluster-2' });

    expect((await foreign.client.get('/v1/secrets/worker-token')).status).toBe(404);
    expect((await foreign.client.put('/v1/secrets/worker-token', { value: 'x' })).status).toBe(404);
    expect((await foreign.client.get('/v1/secrets/ca-key:node')).status).toBe(404);
    expect(await fixture.events('node_refused')).toMatchObject(
      ['a', 'b'].map(() => ({
        actor: `node ${foreign.node.name}`,
        clusterId: 'cluster-2',
        message: expect.stringContaining('no secret worker-token'),
      })),
    );
  });
});
