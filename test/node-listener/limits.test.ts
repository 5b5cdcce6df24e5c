import { RateLimit } from '../../api/node-listener/limits.js';
import { createRequest } from '../../common/x509.js';
import { errorCode, type ListenerFixture, startListenerFixture } from '../support/listener-fixture.js';

describe('limits of the node listener', () => {
  let fixture: ListenerFixture;

  beforeAll(async () => {
    fixture = await startListenerFixture({ maxRequestsPerMinute: 10 });
  });
  afterAll(() => fixture.stop());

  test('a node that asks too often is told when to come back, and others are not disturbed', async () => {
    const loud = await fixture.enrolled();
    const quiet = await fixture.enrolled();

    const statuses: number[] = [];
    for (let call = 0; call < 12; call++)
      statuses.push((await loud.client.post('/v1/heartbeat', { ready: false })).status);

    expect(statuses.slice(-2)).toEqual([429, 429]);
    expect((await quiet.client.post('/v1/heartbeat', { ready: false })).status).toBe(200);
    await fixture.clock.advance(60_000);
    expect((await loud.client.post('/v1/heartbeat', { ready: false })).status).toBe(200);
  });

  test('a body that is too large is refused', async () => {
    const { client } = await fixture.enrolled();

    const answer = await client.post('/v1/steps', { name: 'x', status: 'failed', log_tail: 'x'.repeat(70_000) });

    expect([answer.status, errorCode(answer)]).toEqual([413, 'too_large']);
  });

  test('what is no JSON, of another type or not known is refused', async () => {
    const { client } = await fixture.enrolled();

    expect((await client.send('POST', '/v1/steps', '{')).status).toBe(400);
    expect((await client.send('POST', '/v1/steps', 'a=b', 'application/x-www-form-urlencoded')).status).toBe(415);
    expect((await client.get('/v1/steps')).status).toBe(404);
    expect((await client.get('/v2/anything')).status).toBe(404);
    expect((await client.get('/v1/secrets/..%2f..')).status).toBe(404);
  });

  test('a node gets a limited number of signatures', async () => {
    await fixture.addAuthority('cluster');
    const profile = { ca: 'cluster', commonName: 'x', usages: ['client' as const], names: [] };
    const { client } = await fixture.enrolled({ certificateProfiles: { x: profile } });
    const { csrPem } = await createRequest({ commonName: 'x' });

    let last = 0;
    for (let call = 0; call < 80; call++) {
      last = (await client.post('/v1/certificates', { profile: 'x', csr: csrPem })).status;
      await fixture.clock.advance(6000);
    }

    expect(last).toBe(429);
  });

  test('a token bucket refills evenly', () => {
    const limit = new RateLimit(2, 1000);

    expect([limit.take('a', 0), limit.take('a', 0), limit.take('a', 0)]).toEqual([true, true, false]);
    expect([limit.take('a', 500), limit.take('a', 500)]).toEqual([true, false]);
    expect(limit.take('b', 500)).toBe(true);
  });
});
