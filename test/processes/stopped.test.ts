import { ClusterWatch } from '../support/cluster-watch.js';
import { makeCluster } from '../support/orders.js';
import { openProcessSite, type ProcessSite } from '../support/process-site.js';

/** A stop may take as long as the operation in hand needs to its next wait. */
const STOP_LIMIT_MS = 10_000;

describe('SIGTERM', () => {
  let site: ProcessSite;

  beforeAll(async () => {
    // Whoever kept its lease would keep the next process waiting for five minutes.
    site = await openProcessSite({ settings: { BAYOU_CONDUCTOR__LEASE_SECONDS: '300' } });
  });

  afterAll(() => site.close());

  it('ends the process within seconds, and the next one goes on at once with what was in hand', async () => {
    const first = await site.processes.start('all');
    const client = await site.member(first);
    const uuid = await makeCluster(client, { node_count: 1 });
    const limits = { limitMs: 20_000, logs: () => site.processes.logs() };
    await new ClusterWatch(client, uuid, limits).inPhase('infrastructure');

    const before = performance.now();
    const code = await first.stop();
    const tookMs = performance.now() - before;
    const second = await site.processes.start('all');
    await new ClusterWatch(await site.member(second), uuid, limits).ended('CREATE_COMPLETE');
    await second.stop();

    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(STOP_LIMIT_MS);
  }, 60_000);

  it('ends a process whose log nobody reads any more', async () => {
    const process = await site.processes.start('all');

    process.closeLog();

    expect(await process.stop()).toBe(0);
  }, 30_000);
});
