import { ClusterWatch } from '../support/cluster-watch.js';
import { makeCluster } from '../support/orders.js';
import { openProcessSite, type ProcessSite } from '../support/process-site.js';

const LIMIT_MS = 40_000;

describe.each([
  ['beside a cloud of its own', false],
  ['with the development cloud in it, which dies too', true],
])('bayou all %s', (_name, embeddedCloud) => {
  let site: ProcessSite;

  beforeAll(async () => {
    site = await openProcessSite({ embeddedCloud });
  });

  afterAll(() => site.close());

  /** A process and a cluster, seen by a user who has just logged in. */
  async function startAndWatch(cluster?: string) {
    const bayou = await site.processes.start('all');
    const client = await site.member(bayou);
    const uuid = cluster ?? (await makeCluster(client, { node_count: 1 }));
    const watch = new ClusterWatch(client, uuid, { limitMs: LIMIT_MS, logs: () => site.processes.logs() });
    return { bayou, client, watch, uuid };
  }

  it('killed in the middle of a create and of a delete, ends both and leaves nothing', async () => {
    const first = await startAndWatch();
    await first.watch.inPhase('infrastructure');
    await first.bayou.kill();

    const second = await startAndWatch(first.uuid);
    await second.watch.inPhase('nodes_ready');
    await second.bayou.kill();

    const third = await startAndWatch(first.uuid);
    await third.watch.ended('CREATE_COMPLETE');
    await third.client.delete(`/v1/clusters/${first.uuid}`);
    await third.watch.inPhase('delete_node_stacks');
    await third.bayou.kill();

    const { watch } = await startAndWatch(first.uuid);
    await watch.gone();
    const operations = await watch.operations();

    expect(await site.left()).toEqual({});
    expect(operations.map(({ kind, status }) => `${kind} ${status}`)).toEqual(['create succeeded', 'delete succeeded']);
  }, 90_000);
});
