import { ClusterLife } from '../simulation/life.js';
import { World } from '../simulation/world.js';
import { DATABASE_KINDS, makeDatabase } from '../support/test-database.js';

/** A real server takes its real time, while the clock stands still. */
const LIMIT_MS = 120_000;

describe("a cluster's life without a fault", () => {
  it.each([...DATABASE_KINDS.map((kind) => [kind, 'swarm-mode'] as const), ['sqlite', 'kubernetes'] as const])(
    'goes from order to nothing on %s with %s, with nothing lost, doubled or left behind',
    async (kind, coe) => {
      const { connection, drop } = await makeDatabase(kind);
      const world = await World.start({ seed: 1, database: connection });
      const life = new ClusterLife(world, coe);
      try {
        await life.prepare();
        await life.run(undefined);
      } finally {
        await world.stop();
        await drop();
      }

      expect(life.findings).toEqual([]);
    },
    LIMIT_MS,
  );
});
