import type { ApiClient } from '../support/api-fixture.js';
import { ClusterWatch } from '../support/cluster-watch.js';
import { makeCluster, makeTemplate } from '../support/orders.js';
import { type CloudSite, openCloudSite } from './cloud-site.js';
import { readTarget } from './target.js';

const target = readTarget(process.env);
const { image, flavor, externalNetwork, booted } = target;

/** Servers that run nothing, whose nodes are played; and machines that boot, where the cloud is said to have them. */
const KINDS = [
  { name: 'of played nodes', image, flavor, booted: undefined, limitMs: 300_000 },
  ...(booted === undefined
    ? []
    : [{ name: 'of machines that boot', image: booted.image, flavor: booted.flavor, booted, limitMs: 600_000 }]),
];

jest.setTimeout(30 * 60_000);

describe.each(KINDS)('a cluster $name on a real cloud', (kind) => {
  let site: CloudSite;

  beforeAll(async () => {
    site = await openCloudSite(target, kind.booted);
  });

  afterAll(() => site?.close());

  async function order(client: ApiClient): Promise<string> {
    const template = await makeTemplate(client, {
      image_id: kind.image,
      flavor_id: kind.flavor,
      master_flavor_id: kind.flavor,
      external_network_id: externalNetwork,
    });
    return makeCluster(client, { cluster_template_id: template, node_count: 2 });
  }

  it('comes up, grows, loses a chosen node, keeps every other server, and is deleted without a trace', async () => {
    const client = (await site.client(await site.processes.start('all'))).at('latest');
    const uuid = await order(client);
    const watch = new ClusterWatch(client, uuid, { limitMs: kind.limitMs, logs: site.told });
    const resize = async (body: Record<string, unknown>) => {
      const answer = await client.post(`/v1/clusters/${uuid}/actions/resize`, body);
      expect(answer).toMatchObject({ status: 202 });
      await watch.ended('UPDATE_COMPLETE');
      return site.serverIds();
    };

    await watch.ended('CREATE_COMPLETE');
    const created = await site.serverIds();
    expect(Object.keys(created)).toHaveLength(3);
    expect(await site.noteAccounts()).toBe(1);

    const grown = await resize({ node_count: 3 });
    expect(Object.keys(grown)).toHaveLength(4);
    expect(grown).toMatchObject(created);

    const [chosen = '', chosenId = ''] = Object.entries(created).find(([name]) => name.endsWith('-worker-0')) ?? [];
    const shrunk = await resize({ node_count: 2, nodes_to_remove: [chosenId] });
    const { [chosen]: removed, ...others } = grown;
    expect(removed).toBe(chosenId);
    expect(shrunk).toEqual(others);

    expect((await client.delete(`/v1/clusters/${uuid}`)).status).toBe(204);
    await watch.gone();
    expect(await site.left()).toEqual({});
  });
});
