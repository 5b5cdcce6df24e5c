import { Scenario } from './scenario.js';

let scenario: Scenario;

afterEach(() => scenario.stop());

/** The machine halts: neither Docker nor the runner says another word. */
function halt(name: string): void {
  const server = [...scenario.world.cloud.state.compute.servers.values()].find((each) => each.name === name);
  server?.playing?.stop();
}

async function healthOf(): Promise<{ status: string | undefined; reason: Record<string, string> }> {
  const cluster = await scenario.cluster();
  return { status: cluster?.healthStatus, reason: cluster?.healthStatusReason ?? {} };
}

/** Fake time until the health is as wanted. */
async function timeUntilHealth(wanted: string): Promise<number> {
  const since = scenario.world.clock.now();
  await scenario.until((cluster) => cluster?.healthStatus === wanted, 300_000);
  return scenario.world.clock.now() - since;
}

describe('a machine that halts', () => {
  it.each([0, 1, 2])('is named by the health within a minute when it is manager %s of three', async (index) => {
    scenario = await Scenario.start();
    await scenario.create({ master_count: 3, node_count: 1, master_lb_enabled: true });
    await scenario.settled();
    // Beats come every 30 s by now.
    await scenario.world.clock.advance(61_000 + index * 7000);
    const { status, reason } = await healthOf();
    const name = Object.keys(reason).flatMap((key) => /^(.*-master-\d)\.Manager$/.exec(key)?.[1] ?? [])[index] ?? '';

    halt(name);
    const ms = await timeUntilHealth('UNHEALTHY');

    expect(status).toBe('HEALTHY');
    expect(ms).toBeLessThanOrEqual(60_000);
    const after = await healthOf();
    expect(after.reason).toMatchObject({
      api: 'ok',
      'managers.spare': '0',
      [`${name}.Ready`]: 'False',
      [`${name}.Manager`]: 'Unreachable',
    });
    expect(Object.values(after.reason).filter((word) => word === 'False')).toHaveLength(1);
  });

  it('is named as soon when it is a worker', async () => {
    scenario = await Scenario.start();
    await scenario.create({ node_count: 2 });
    await scenario.settled();
    await scenario.world.clock.advance(61_000);
    const { reason } = await healthOf();
    const name =
      Object.keys(reason)
        .find((key) => key.endsWith('worker-1.Ready'))
        ?.replace('.Ready', '') ?? '';

    halt(name);
    const ms = await timeUntilHealth('UNHEALTHY');

    expect(ms).toBeLessThanOrEqual(60_000);
    expect((await healthOf()).reason).toMatchObject({ [`${name}.Ready`]: 'False' });
  });
});
