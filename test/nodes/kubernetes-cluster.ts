import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ClusterWatch } from '../support/cluster-watch.js';
import { makeCluster, makeTemplate } from '../support/orders.js';
import { until } from '../support/until.js';
import { SUBNET_CIDR } from './bridge.js';
import { Kubectl } from './kubectl.js';
import { findKubernetesMirror, VERSION } from './kubernetes-mirror.js';
import { type NodeSite, openNodeSite } from './site.js';

const STATUS_LIMIT_MS = 600_000;
const PODS_LIMIT_MS = 120_000;
const WEB = readFileSync(join(__dirname, 'web.yaml'), 'utf8');

/** A Kubernetes cluster of real nodes, with kubectl as its owner has it. */
export class KubernetesCluster {
  readonly site: NodeSite;
  readonly uuid: string;
  readonly watch: ClusterWatch;
  readonly #billsFolder: string;
  #kubectl: Kubectl | undefined;
  readonly #program: string;

  private constructor(site: NodeSite, uuid: string, mirror: { billsFolder: string; kubectl: string }) {
    this.site = site;
    this.uuid = uuid;
    this.#billsFolder = mirror.billsFolder;
    this.#program = mirror.kubectl;
    const logs = () => site.nodes.names().map((name) => `${name}: ${site.nodes.consoleLog(name).slice(-2000)}`);
    this.watch = new ClusterWatch(site.client, uuid, { limitMs: STATUS_LIMIT_MS, logs: () => logs().join('\n') });
  }

  /** Ordered; `cgroupfs` since these machines are no virtual ones. */
  static async order(masters: number, nodes: number): Promise<KubernetesCluster> {
    const mirror = findKubernetesMirror(process.env);
    const site = await openNodeSite({
      mirrorFolder: mirror.folder,
      settings: { BAYOU_KUBERNETES__BILLS_PATH: mirror.billsFolder },
    });
    try {
      const template = await makeTemplate(site.client, {
        name: 'kubernetes',
        coe: 'kubernetes',
        floating_ip_enabled: false,
        master_lb_enabled: masters > 1,
        labels: {
          fixed_subnet_cidr: SUBNET_CIDR,
          kube_tag: VERSION,
          kube_mirror: site.mirror?.url,
          cgroup_driver: 'cgroupfs',
          // Their images are nowhere to be had here.
          coredns_enabled: false,
          metrics_server_enabled: false,
        },
      });
      const order = { cluster_template_id: template, master_count: masters, node_count: nodes };
      return new KubernetesCluster(site, await makeCluster(site.client, order), mirror);
    } catch (error) {
      await site.close();
      throw error;
    }
  }

  async kubectl(): Promise<Kubectl> {
    this.#kubectl ??= await Kubectl.of(this.site.client, this.uuid, this.site.folder, this.#program);
    return this.#kubectl;
  }

  async shown(): Promise<Record<string, unknown> & { health_status_reason: Record<string, string> }> {
    return (await this.site.client.get(`/v1/clusters/${this.uuid}`)).body;
  }

  /** Starts the web servers; @returns name, node and address of each once all are ready. */
  async runWeb(): Promise<{ name: string; node: string; address: string }[]> {
    const kubectl = await this.kubectl();
    await kubectl.apply(WEB, this.site.folder);
    const ready = async () => {
      const rows = await kubectl.list('deployments', '.status.readyReplicas');
      return rows[0]?.[0] === '4';
    };
    await until(ready, { limitMs: PODS_LIMIT_MS, everyMs: 1000, tell: () => kubectl.run('get', 'pods', '-o', 'wide') });
    const pods = await kubectl.list('pods', '.metadata.name', '.spec.nodeName', '.status.podIP');
    return pods.map(([name = '', node = '', address = '']) => ({ name, node, address }));
  }

  async close(): Promise<void> {
    rmSync(this.#billsFolder, { recursive: true, force: true });
    await this.site.close();
  }
}
