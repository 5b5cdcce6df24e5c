import { nodes } from '../../common/db/nodes.js';
import { reenrolments } from '../../common/db/reenrolments.js';
import { rebuildServer } from '../../devstack/devcloud/compute/server-lifecycle.js';
import type { FaultKind } from '../simulation/seams.js';
import { Scenario } from './scenario.js';

/** From the start of a process on: it is up by then, and the node is back long before the last one. */
const POINTS = [...Array(12).keys()].map((index) => 12 + index * 5);

async function worker(scenario: Scenario) {
  const [row] = await scenario.world.db.read('check', (query) => nodes.list(query, { role: 'worker' }));
  return row;
}

describe('a node that enrols again', () => {
  it.each<FaultKind>(['killed before', 'killed after', 'answer lost'])(
    'comes back, and leaves no invitation behind, whatever was %s it',
    async (kind) => {
      const scenario = await Scenario.start();
      const { world } = scenario;
      try {
        await scenario.create({ node_count: 1 });
        await scenario.settled();
        for (const point of POINTS) {
          const before = await worker(scenario);
          const server = [...world.cloud.state.compute.servers.values()].find(({ id }) => id === before?.serverId);
          if (before === undefined || server === undefined) throw new Error('no worker');
          world.killAll();
          rebuildServer(world.cloud.state, server, server, server.imageId);
          await world.startProcess({ point, kind });

          const look = async () => {
            if (world.processes.length === 0) return true;
            const after = await worker(scenario);
            const open = await world.db.read('check', (query) => reenrolments.list(query, {}));
            return after?.ready === true && after.enrolledKey !== before.enrolledKey && open.length === 0;
          };
          await world.clock.runUntil(look, { limitMs: 900_000 });
          if (world.processes.length === 0) await world.startProcess();
          await world.clock.runUntil(look, { limitMs: 900_000 });

          expect(server.metadata).toEqual({ bayou_cluster: before.clusterId });
        }
      } finally {
        await scenario.stop();
      }
    },
  );
});
