import axios from 'axios';
import { findFlavor } from '../../openstack/compute/flavors.js';
import { deleteKeypair, findKeypair, importKeypair } from '../../openstack/compute/keypairs.js';
import { findServer } from '../../openstack/compute/servers.js';
import { until } from '../support/until.js';
import { type DevcloudFixture, hot, serverResource, startFixture } from './devcloud-fixture.js';

const ctx = {};
const KEY = {
  name: 'new',
  publicKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPPZZcMGzQxPjmIVJGYNDDL9r6sPM6JaW9a9PZR2/Lg x',
};

describe('the development cloud on order', () => {
  let fixture: DevcloudFixture;
  beforeEach(async () => {
    fixture = await startFixture();
    await fixture.session.identity(ctx);
  });
  afterEach(() => fixture.stop());

  const control = (method: string, path: string, data?: unknown) =>
    axios.request({
      method,
      url: `${fixture.cloud.state.url}/_control${path}`,
      data,
      validateStatus: () => true,
    });

  it('answers the next calls that fit with a status, as often as ordered', async () => {
    fixture.cloud.faults.order({
      service: 'compute',
      method: 'get',
      path: '^/v2.1/os-keypairs/demo',
      times: 2,
      action: { status: 503, body: { error: { message: 'down' } }, headers: { 'Retry-After': '3' } },
    });

    const refusal = { status: 503, serviceMessage: 'down', retryAfterSeconds: 3 };
    await expect(findKeypair(fixture.session, ctx, 'demo')).rejects.toMatchObject(refusal);
    expect(await findFlavor(fixture.session, ctx, '1')).toMatchObject({ name: 'm1.tiny' });
    await expect(findKeypair(fixture.session, ctx, 'demo')).rejects.toMatchObject(refusal);
    expect(await findKeypair(fixture.session, ctx, 'demo')).toMatchObject({ name: 'demo' });
  });

  it('cuts the connection before or after the call took effect', async () => {
    fixture.cloud.faults.order({ service: 'compute', method: 'POST', path: 'os-keypairs', action: 'cut' });
    await expect(importKeypair(fixture.session, ctx, KEY)).rejects.toMatchObject({ status: undefined });
    expect(fixture.cloud.everything().keypairs).toEqual([]);

    fixture.cloud.faults.order({ service: 'compute', method: 'POST', path: 'os-keypairs', action: 'cutAfter' });
    await expect(importKeypair(fixture.session, ctx, KEY)).rejects.toMatchObject({ status: undefined });
    expect(fixture.cloud.everything().keypairs).toEqual(['demo new']);

    await deleteKeypair(fixture.session, ctx, KEY.name);
  });

  it('hangs, and stops all the same', async () => {
    fixture.cloud.faults.order({ service: 'compute', action: 'hang' });

    const call = findKeypair(fixture.session, { timeoutMs: 40 }, 'demo');

    await expect(call).rejects.toMatchObject({ serviceMessage: 'no answer within 40 ms' });
  });

  it('lets a call wait', async () => {
    fixture.cloud.faults.order({ service: 'compute', delayMs: 60_000 });
    let isDone = false;

    void findKeypair(fixture.session, ctx, 'demo').then(() => {
      isDone = true;
    });
    await until(() => fixture.clock.pending() > 0);
    expect(isDone).toBe(false);
    await fixture.clock.advance(60_000);

    await until(() => isDone);
  });

  it('takes orders over HTTP, and refuses those that make no sense', async () => {
    const fault = { service: 'compute', path: 'flavors', action: { status: 500 } };
    expect((await control('POST', '/faults', fault)).status).toBe(201);
    expect((await control('POST', '/faults', { service: 'laundry' })).status).toBe(400);
    await expect(findFlavor(fixture.session, ctx, '1')).rejects.toMatchObject({ status: 500 });

    await control('POST', '/faults', fault);
    await control('DELETE', '/faults');
    expect(await findFlavor(fixture.session, ctx, '1')).toBeDefined();

    expect((await control('PUT', '/quotas/demo', { cores: 0 })).status).toBe(204);
    expect((await control('PUT', '/quotas/demo', { bananas: 1 })).status).toBe(400);
    expect((await fixture.create('s', hot({ a: serverResource() }))).statusReason).toContain('0 of 0 cores');

    const state = (await control('GET', '/state')).data as { counts: Record<string, number> };
    expect(state.counts).toMatchObject({ stacks: 1, servers: 0 });
  });

  it('expires tokens', async () => {
    const token = fixture.cloud.state.identity.tokens.size;
    await fixture.clock.advance(3_600_000);
    await fixture.session.identity(ctx);

    expect([token, fixture.cloud.state.identity.tokens.size]).toEqual([1, 1]);
    await expect(findKeypair(fixture.session, ctx, 'demo')).resolves.toMatchObject({ name: 'demo' });
  });

  it('hands a booted server to its player with its user data, and stops it when the server goes', async () => {
    const log: string[] = [];
    const played = await startFixture({
      player: (server) => {
        log.push(`${server.name} plays ${server.userData}`);
        void server.metadata().then(({ role }) => log.push(`${server.name} is ${role}`));
        return { stop: () => log.push(`${server.name} stops`), consoleLog: () => 'hello' };
      },
    });
    const stack = await played.create(
      's',
      hot({ a: serverResource({ user_data: '#!/bin/sh', metadata: { role: 'x' } }) }),
    );
    const [server] = [...played.cloud.state.compute.servers.values()];
    expect(await findServer(played.session, ctx, server?.id ?? '')).toMatchObject({ status: 'ACTIVE' });

    await played.update(stack, hot({ b: serverResource() }));
    await played.stop();

    expect(log).toEqual([
      's-a plays #!/bin/sh',
      's-a is x',
      's-b plays ',
      's-b is undefined',
      's-a stops',
      's-b stops',
    ]);
  });

  it('has the same ids after a restart', async () => {
    const again = await startFixture();
    const [first, second] = [fixture.cloud.state, again.cloud.state];

    expect([...first.identity.projects.keys()]).toEqual([...second.identity.projects.keys()]);
    expect([...first.network.networks.keys()]).toEqual([...second.network.networks.keys()]);
    await again.stop();
  });
});
