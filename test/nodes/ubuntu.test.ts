import { clientCertificate, DockerEngine } from '../cloud/booted/docker-engine.js';
import { ClusterWatch } from '../support/cluster-watch.js';
import { makeCluster, makeTemplate } from '../support/orders.js';
import { SUBNET_CIDR } from './bridge.js';
import { IMAGES, KubernetesCluster } from './kubernetes-cluster.js';
import { type NodeSite, openNodeSite } from './site.js';

const STATUS_LIMIT_MS = 300_000;
const DISTRIBUTION = '. /etc/os-release && echo "$ID $VERSION_ID"';

jest.setTimeout(10 * 60_000);

async function expectUbuntu({ nodes }: NodeSite): Promise<void> {
  for (const name of nodes.names()) {
    expect(await nodes.run(name, 'bash', '-c', DISTRIBUTION)).toBe('ubuntu 22.04\n');
  }
}

describe('on Ubuntu', () => {
  it('a Swarm comes up by itself, answers its owner, and leaves nothing', async () => {
    const site = await openNodeSite({ image: 'ubuntu' });
    try {
      const labels = { fixed_subnet_cidr: SUBNET_CIDR };
      const order = { image_id: IMAGES.ubuntu, floating_ip_enabled: false, master_lb_enabled: false, labels };
      const template = await makeTemplate(site.client, order);
      const uuid = await makeCluster(site.client, { cluster_template_id: template, node_count: 1 });
      const watch = new ClusterWatch(site.client, uuid, {
        limitMs: STATUS_LIMIT_MS,
        logs: () =>
          site.nodes
            .names()
            .map((name) => site.nodes.consoleLog(name))
            .join('\n'),
      });
      await watch.ended('CREATE_COMPLETE');

      await expectUbuntu(site);
      const { body } = await site.client.get(`/v1/clusters/${uuid}`);
      const engine = new DockerEngine(body.api_address, await clientCertificate(site.client, uuid));
      const names = Object.values(await engine.nodes()).map(({ name }) => name);
      expect(names.sort()).toEqual(site.nodes.names().sort());

      await site.client.delete(`/v1/clusters/${uuid}`);
      await watch.gone();
      expect(site.left()).toEqual({});
    } finally {
      await site.close();
    }
  });

  it('Kubernetes comes up by itself, runs pods, and leaves nothing', async () => {
    const cluster = await KubernetesCluster.order(1, 1, { image: 'ubuntu' });
    try {
      await cluster.watch.ended('CREATE_COMPLETE');

      await expectUbuntu(cluster.site);
      expect((await (await cluster.kubectl()).readyNodes()).sort()).toEqual(cluster.site.nodes.names().sort());
      expect(await cluster.runWeb()).toHaveLength(4);

      await cluster.site.client.delete(`/v1/clusters/${cluster.uuid}`);
      await cluster.watch.gone();
      expect(cluster.site.left()).toEqual({});
    } finally {
      await cluster.close();
    }
  });
});
