import { nodeTasks } from '../../common/db/node-tasks.js';
import { nodes } from '../../common/db/nodes.js';
import { HELD } from '../../devstack/devcloud/player/life.js';
import type { NodeBehaviour } from '../simulation/played-nodes.js';
import { Scenario } from './scenario.js';

const MINUTE_MS = 60_000;
/** `[cluster_heat] drain_timeout`, the default. */
const DRAIN_LIMIT_MS = 10 * MINUTE_MS;

let scenario: Scenario;

afterEach(() => scenario.stop());

async function ready(nodeCount: number, behaviour: NodeBehaviour): Promise<void> {
  scenario = await Scenario.start({ nodes: behaviour });
  await scenario.create({ node_count: nodeCount });
  expect(await scenario.settled()).toMatchObject({ status: 'CREATE_COMPLETE' });
}

const tasks = () => scenario.world.db.read('check', (query) => nodeTasks.list(query, {}));

describe('nodes that leave', () => {
  it('are drained each within the limit, when something holds more of them than a master takes at once', async () => {
    await ready(12, { holdTask: (_node, task) => task === 'drain' });
    const since = scenario.world.clock.now();

    await scenario.resize({ node_count: 1 });

    expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE' });
    const drains = (await tasks()).filter(({ name }) => name === 'drain');
    expect(drains.map(({ output }) => output)).toEqual(Array(11).fill(HELD));
    expect(drains.map(({ params }) => params.timeout_seconds)).toEqual(Array(11).fill('290'));
    expect(scenario.world.clock.now() - since).toBeLessThan(DRAIN_LIMIT_MS + 2 * MINUTE_MS);
  });

  it('wait for a master that is ready, and the status says so', async () => {
    let isAway = false;
    await ready(2, { silent: (node) => isAway && node.includes('master') });
    await pretendNotReady();
    isAway = true;

    await scenario.resize({ node_count: 1 });
    const waiting = await scenario.until((cluster) => cluster?.statusReason !== undefined);

    expect(waiting?.status).toBe('UPDATE_IN_PROGRESS');
    expect(waiting?.statusReason).toMatch(
      /^\[masters_not_ready\] no master is ready to drain 1 nodes: c-\w+-worker-\d; user: /,
    );
    isAway = false;
    expect(await scenario.settled()).toMatchObject({ status: 'UPDATE_COMPLETE', statusReason: undefined });
    expect((await tasks()).map(({ name, state }) => `${name} ${state}`)).toEqual([
      'drain succeeded',
      'remove-node succeeded',
    ]);
  });

  it('leave without it when no master comes back in time, and that is told', async () => {
    let isAway = false;
    await ready(2, { silent: (node) => isAway && node.includes('master') });
    await pretendNotReady();
    isAway = true;
    const since = scenario.world.clock.now();

    await scenario.resize({ node_count: 1 });

    const givenUp = async () => (await scenario.eventKinds()).filter((kind) => kind === 'task_gave_up').length;
    await scenario.world.clock.runUntil(async () => (await givenUp()) === 2, { limitMs: 30 * MINUTE_MS });
    expect(scenario.world.clock.now() - since).toBeGreaterThanOrEqual(DRAIN_LIMIT_MS);
    expect(await tasks()).toEqual([]);
  });

  it('keep no cluster from being deleted', async () => {
    let isAway = false;
    await ready(1, { silent: (node) => isAway && node.includes('master') });
    await pretendNotReady();
    isAway = true;
    const since = scenario.world.clock.now();

    await scenario.delete();

    await scenario.until((cluster) => cluster === undefined);
    expect(scenario.world.clock.now() - since).toBeLessThan(DRAIN_LIMIT_MS);
  });
});

/** What a master says whose orchestrator has gone down, before it is not heard of any more. */
async function pretendNotReady(): Promise<void> {
  const [master] = (await scenario.world.db.read('check', (query) => nodes.list(query, {}))).filter(
    ({ role }) => role === 'master',
  );
  await scenario.world.db.transaction('test', (trx) =>
    nodes.update(trx, { uuid: master?.uuid ?? '' }, { ready: false }),
  );
}
