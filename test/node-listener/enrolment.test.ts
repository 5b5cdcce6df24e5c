import { X509Certificate } from 'node:crypto';
import { certificateInfo, createRequest } from '../../common/x509.js';
import { errorCode, HOUR_MS, type ListenerFixture, startListenerFixture } from '../support/listener-fixture.js';

const SSH_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0w1mJ7Gv5C2nqg3cD6l3pQH3e5dV2m0tJ8Zt8pXk1x root@node';

describe('enrolment', () => {
  let fixture: ListenerFixture;

  beforeEach(async () => {
    fixture = await startListenerFixture();
  });
  afterEach(() => fixture.stop());

  test('gives a node a client certificate of its own name and pins its host key', async () => {
    const node = await fixture.addNode();
    const { csrPem } = await createRequest({ commonName: 'someone else' });

    const answer = await fixture
      .client()
      .post('/v1/enrol', { ticket: fixture.ticket(node), csr: csrPem, ssh_host_key: SSH_KEY });

    expect(answer.status).toBe(200);
    expect(answer.body.ca).toBe(fixture.caPem);
    expect(certificateInfo(String(answer.body.certificate))).toMatchObject({
      commonName: node.uuid,
      organization: node.clusterId,
      names: '',
    });
    expect(new X509Certificate(String(answer.body.certificate)).keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    const row = await fixture.node(node.uuid);
    expect(row).toMatchObject({ sshHostKey: SSH_KEY, enrolledAt: fixture.clock.now() });
    expect(await fixture.events('node_enrolled')).toHaveLength(1);
  });

  test('with the same key may be asked for again', async () => {
    const { node, csrPem } = await fixture.enrolled();

    const again = await fixture.client().post('/v1/enrol', { ticket: fixture.ticket(node), csr: csrPem });

    expect(again.status).toBe(200);
    expect(await fixture.events('node_enrolled')).toHaveLength(1);
  });

  test('with a ticket that another key has used is refused and told', async () => {
    const { node } = await fixture.enrolled();
    const before = await fixture.node(node.uuid);
    const { csrPem } = await createRequest({ commonName: node.uuid });

    const answer = await fixture.client().post('/v1/enrol', { ticket: fixture.ticket(node), csr: csrPem });

    expect([answer.status, errorCode(answer)]).toEqual([403, 'ticket_used']);
    expect((await fixture.node(node.uuid)).enrolledKey).toBe(before.enrolledKey);
    expect(await fixture.events('ticket_refused')).toMatchObject([
      { actor: `node ${node.name}`, clusterId: 'cluster-1' },
    ]);
  });

  test('of two keys that race for a ticket one wins', async () => {
    const node = await fixture.addNode();
    const requests = await Promise.all([1, 2, 3].map(() => createRequest({ commonName: 'x' })));

    const answers = await Promise.all(
      requests.map(({ csrPem }) => fixture.client().post('/v1/enrol', { ticket: fixture.ticket(node), csr: csrPem })),
    );

    expect(answers.map(({ status }) => status).sort()).toEqual([200, 403, 403]);
  });

  test('with an expired ticket is refused and told', async () => {
    const node = await fixture.addNode();
    const { csrPem } = await createRequest({ commonName: 'x' });
    await fixture.clock.advance(HOUR_MS);

    const answer = await fixture.client().post('/v1/enrol', { ticket: fixture.ticket(node), csr: csrPem });

    expect([answer.status, errorCode(answer)]).toEqual([403, 'ticket_expired']);
    expect(await fixture.events('ticket_refused')).toHaveLength(1);
  });

  test('with a ticket that the row knows no more is refused', async () => {
    const node = await fixture.addNode({ ticketExpiresAt: undefined });
    const { csrPem } = await createRequest({ commonName: 'x' });

    const ticket = fixture.ticket(node, fixture.clock.now() + HOUR_MS);
    const answer = await fixture.client().post('/v1/enrol', { ticket, csr: csrPem });

    expect(answer.status).toBe(403);
  });

  test('of a node that is leaving or deleted is answered with gone', async () => {
    const leaving = await fixture.addNode({ state: 'leaving' });
    const { csrPem } = await createRequest({ commonName: 'x' });

    const first = await fixture.client().post('/v1/enrol', { ticket: fixture.ticket(leaving), csr: csrPem });
    const unknown = { ...leaving, uuid: fixture.ids.uuid() };
    const second = await fixture.client().post('/v1/enrol', { ticket: fixture.ticket(unknown), csr: csrPem });

    expect([first.status, second.status]).toEqual([410, 410]);
    expect(errorCode(second)).toBe('node_gone');
  });

  test.each([
    ['a forged ticket', { ticket: 'eyJhbGciOiJub25lIn0.e30.', csr: 'x' }, 403],
    ['no ticket', { csr: 'x' }, 400],
    ['a body that is no object', [], 400],
  ])('with %s is refused', async (_what, body, status) => {
    expect((await fixture.client().post('/v1/enrol', body)).status).toBe(status);
  });

  test('with a request that is none is refused and leaves the ticket unused', async () => {
    const node = await fixture.addNode();

    const answer = await fixture.client().post('/v1/enrol', { ticket: fixture.ticket(node), csr: 'rubbish' });

    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({ field: 'csr' });
    expect((await fixture.node(node.uuid)).enrolledKey).toBeUndefined();
  });

  test('of one ticket is limited, and so are its events', async () => {
    const { node } = await fixture.enrolled();
    const { csrPem } = await createRequest({ commonName: 'x' });
    const other = fixture.client();

    const statuses: number[] = [];
    for (let attempt = 0; attempt < 260; attempt++) {
      statuses.push((await other.post('/v1/enrol', { ticket: fixture.ticket(node), csr: csrPem })).status);
    }

    expect(statuses).toContain(403);
    expect(statuses.at(-1)).toBe(429);
    expect((await fixture.events('ticket_refused')).length).toBeLessThanOrEqual(30);
  });
});
