import { events } from '../../common/db/events.js';
import { nodeTasks } from '../../common/db/node-tasks.js';
import type { WorldOptions } from '../simulation/world.js';
import { KUBERNETES_TEMPLATE, Scenario } from './scenario.js';

let scenario: Scenario;

afterEach(() => scenario.stop());

const NAMES = ['coredns', 'metrics-server'];

async function created(nodes: WorldOptions['nodes'], labels?: Record<string, string>) {
  scenario = await Scenario.start(
    { ...(nodes === undefined ? {} : { nodes }) },
    { ...KUBERNETES_TEMPLATE, ...(labels === undefined ? {} : { labels }) },
  );
  await scenario.create({ node_count: 1 });
  return scenario.settled();
}

const told = (kind: string) => scenario.world.db.read('check', (query) => events.list(query, { kind }));
const asked = () => scenario.world.db.read('check', (query) => nodeTasks.list(query, { name: 'addon' }));

describe('add-ons of a new cluster', () => {
  it('come in their order, by a certificate that is told, and are told each', async () => {
    const cluster = await created(undefined);

    expect(cluster).toMatchObject({ status: 'CREATE_COMPLETE', healthStatus: 'HEALTHY', statusReason: undefined });
    expect((await asked()).map(({ params }) => params.name)).toEqual(NAMES);
    expect((await told('addon_ready')).map(({ details }) => details.addon)).toEqual(NAMES);
    expect(await told('addon_failed')).toEqual([]);
    const certificates = await told('certificate_issued');
    expect(certificates.filter(({ message }) => message.includes('CN=bayou:addons, for 60 minutes'))).toHaveLength(2);
    await scenario.until((seen) => seen?.healthStatusReason['addon.coredns'] === undefined);
  });

  it('are those that the labels ask for', async () => {
    await created(undefined, { metrics_server_enabled: 'false', kube_dashboard_enabled: 'true' });

    expect((await asked()).map(({ params }) => params.name)).toEqual(['coredns', 'dashboard']);
  });

  it('that fail are told with their last words, while the cluster is as well', async () => {
    const cluster = await created({
      failTask: (_node, task) =>
        task === 'addon' ? 'applied\nit is not available: ErrImagePull no such host' : undefined,
    });

    expect(cluster).toMatchObject({ status: 'CREATE_COMPLETE', healthStatus: 'HEALTHY', statusReason: undefined });
    const [failed, ...others] = await told('addon_failed');
    expect(failed?.message).toMatch(
      /^The add-on coredns is not ready: it is not available: ErrImagePull no such host\. .*reach the registry of its image/,
    );
    expect(others).toHaveLength(1);
    expect(cluster?.healthStatusReason).toMatchObject({
      'addon.coredns': 'not available',
      'addon.metrics-server': 'not available',
    });
  });

  it('that no node answers for hold the cluster up for five minutes', async () => {
    let hangs = false;
    scenario = await Scenario.start({ nodes: { silent: () => hangs } }, KUBERNETES_TEMPLATE);
    await scenario.create({ node_count: 1 });
    await scenario.world.clock.runUntil(async () => (await asked()).length > 0, { limitMs: 3_600_000 });
    hangs = true;

    const since = scenario.world.clock.now();
    const cluster = await scenario.settled();

    expect(cluster).toMatchObject({ status: 'CREATE_COMPLETE', statusReason: undefined });
    expect(scenario.world.clock.now() - since).toBeLessThan(330_000);
    expect((await told('addon_failed')).map(({ message }) => message)).toEqual(
      NAMES.map((name) => expect.stringContaining(`The add-on ${name} is not ready: not done in time.`)),
    );
  });
});
