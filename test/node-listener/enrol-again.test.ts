import { certificates } from '../../common/db/certificates.js';
import type { Node } from '../../common/db/nodes.js';
import { type Reenrolment, reenrolments } from '../../common/db/reenrolments.js';
import { INVITATION_KEY_USE, INVITATION_MS, invitationOf } from '../../common/invitation.js';
import { createRequest } from '../../common/x509.js';
import { errorCode, HOUR_MS, type ListenerFixture, startListenerFixture } from '../support/listener-fixture.js';

describe('enrolment with a ticket that is not good any more', () => {
  let fixture: ListenerFixture;

  beforeEach(async () => {
    fixture = await startListenerFixture({ certificateDays: 1 });
  });
  afterEach(() => fixture.stop());

  const ask = (node: Node, csr: string, invitation?: string) =>
    fixture.client().post('/v1/enrol', { ticket: fixture.ticket(node), csr, invitation });

  /** What a conductor writes down once Nova has shown it. */
  async function allow({ uuid: nodeId, clusterId }: Node, state: Reenrolment['state']): Promise<string> {
    const allowedAt = fixture.clock.now();
    await reenrolments.delete(fixture.knex, { nodeId });
    const row = { nodeId, clusterId, askedKey: 'k', checkAt: allowedAt, createdAt: allowedAt };
    await reenrolments.insert(fixture.knex, { ...row, state, allowedAt });
    return invitationOf(fixture.sealer.derive(INVITATION_KEY_USE), { nodeId, allowedAt });
  }

  const stateOf = async ({ uuid: nodeId }: Node) => (await reenrolments.find(fixture.knex, { nodeId }))?.state;

  test('is one request for a conductor, however often and by whomever, and told once for each key', async () => {
    const { node } = await fixture.enrolled();
    const [first, second] = await Promise.all([1, 2].map(() => createRequest({ commonName: 'x' })));

    for (const request of [first, first, first, second, second]) await ask(node, request?.csrPem ?? '');

    expect(await reenrolments.list(fixture.knex, {})).toMatchObject([{ nodeId: node.uuid, state: 'asked' }]);
    expect(await fixture.events('ticket_refused')).toHaveLength(2);
  });

  test('by the key that enrolled is answered while its certificate is good: an answer was lost', async () => {
    const { node, csrPem } = await fixture.enrolled();
    await fixture.clock.advance(2 * HOUR_MS);

    const answer = await ask(node, csrPem);

    expect(answer.status).toBe(200);
    expect(await reenrolments.list(fixture.knex, {})).toEqual([]);
  });

  test('by the key that enrolled waits for a conductor once its certificate has run out', async () => {
    const { node, csrPem } = await fixture.enrolled();
    const other = await createRequest({ commonName: 'x' });
    await fixture.clock.advance(25 * HOUR_MS);

    const early = await ask(node, csrPem);
    await allow(node, 'key');
    const stranger = await ask(node, other.csrPem);
    const answer = await ask(node, csrPem);

    expect([early.status, stranger.status, answer.status]).toEqual([403, 403, 200]);
    expect(await stateOf(node)).toBe('done');
    expect((await fixture.events('node_enrolled_again')).map(({ message }) => message)).toEqual([
      `Node ${node.name} has enrolled again, with the key that it has`,
    ]);
  });

  test('by an invitation takes the place of the node, whose certificates open nothing from then on', async () => {
    const { node, client, csrPem } = await fixture.enrolled({ nodeData: { version: 1, rebuilt: true } });
    await client.post('/v1/steps', { name: 'one', status: 'done' });
    await client.post('/v1/heartbeat', { ready: true, orchestrator: { state: 'active' } });
    const next = await createRequest({ commonName: 'x' });
    const invitation = await allow(node, 'invited');

    const answer = await ask(node, next.csrPem, invitation);

    expect([answer.status, answer.body.node]).toEqual([200, { version: 1, rebuilt: true }]);
    expect(await fixture.node(node.uuid)).toMatchObject({ ready: false, steps: [], orchestrator: {} });
    expect((await client.post('/v1/heartbeat', { ready: true })).status).toBe(401);
    expect((await ask(node, csrPem, invitation)).status).toBe(403);
    const identity = { key: next.privateKeyPem, cert: String(answer.body.certificate) };
    expect((await fixture.client(identity).post('/v1/heartbeat', { ready: true })).status).toBe(200);
    expect((await ask(node, next.csrPem)).status).toBe(200);
  });

  test('lets the next machine have once what is signed for one key only', async () => {
    await fixture.addAuthority('cluster');
    const bootstrap = { ca: 'cluster', commonName: 'b', usages: ['client' as const], names: [], once: true };
    const { node, client, csrPem } = await fixture.enrolled({ certificateProfiles: { bootstrap } });
    await client.post('/v1/certificates', { profile: 'bootstrap', csr: csrPem });
    const next = await createRequest({ commonName: 'x' });

    const { body } = await ask(node, next.csrPem, await allow(node, 'invited'));
    const successor = fixture.client({ key: next.privateKeyPem, cert: String(body.certificate) });
    const statuses: number[] = [];
    for (const csr of [next.csrPem, csrPem]) {
      statuses.push((await successor.post('/v1/certificates', { profile: 'bootstrap', csr })).status);
    }

    expect(statuses).toEqual([200, 403]);
    expect(await certificates.list(fixture.knex, { nodeId: node.uuid, name: 'bootstrap' })).toHaveLength(1);
  });

  test('by an invitation of another node, of another moment, or too late is refused', async () => {
    const [one, two] = [await fixture.enrolled(), await fixture.enrolled()];
    const { csrPem } = await createRequest({ commonName: 'x' });
    const ofTwo = await allow(two.node, 'invited');
    const earlier = await allow(one.node, 'invited');
    await fixture.clock.advance(1000);
    const newest = await allow(one.node, 'invited');

    const answers = [await ask(one.node, csrPem, ofTwo), await ask(one.node, csrPem, earlier)];
    await fixture.clock.advance(INVITATION_MS);
    answers.push(await ask(one.node, csrPem, newest));

    expect(answers.map((answer) => [answer.status, errorCode(answer)])).toEqual([
      [403, 'ticket_used'],
      [403, 'ticket_used'],
      [403, 'ticket_expired'],
    ]);
  });

  test('of two machines that race with one invitation one wins', async () => {
    const { node } = await fixture.enrolled();
    const invitation = await allow(node, 'invited');
    const requests = await Promise.all([1, 2, 3].map(() => createRequest({ commonName: 'x' })));

    const answers = await Promise.all(requests.map(({ csrPem }) => ask(node, csrPem, invitation)));

    expect(answers.map(({ status }) => status).sort()).toEqual([200, 403, 403]);
  });

  test('is not made up for by a heartbeat: a certificate is renewed for the key that enrolled', async () => {
    const { client, csrPem } = await fixture.enrolled();
    const other = await createRequest({ commonName: 'x' });
    await fixture.clock.advance(13 * HOUR_MS);

    const refused = await client.post('/v1/heartbeat', { ready: true, csr: other.csrPem });
    const renewed = await client.post('/v1/heartbeat', { ready: true, csr: csrPem });

    expect([refused.status, renewed.status]).toEqual([400, 200]);
    expect(refused.body.error).toMatchObject({ field: 'csr' });
  });
});
