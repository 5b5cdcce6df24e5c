import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Bill } from '../../drivers/bill.js';
import { ClusterWatch } from '../support/cluster-watch.js';
import { makeCluster, makeTemplate } from '../support/orders.js';
import { SUBNET_CIDR } from './bridge.js';
import { Kubectl } from './kubectl.js';
import { findKubernetesMirror, type KubernetesMirror, VERSION } from './kubernetes-mirror.js';
import type { NodeImage } from './node-tools.js';
import { type NodeSite, openNodeSite } from './site.js';
import { runWeb, type WebPod } from './web.js';

const STATUS_LIMIT_MS = 600_000;
/** In the development cloud's image service; what boots is by the site. */
export const IMAGES: Record<NodeImage, string> = { debian: 'debian-12', ubuntu: 'ubuntu-22.04' };

/** Bills over the one of `VERSION` or beside it, from that one and the mirror's folder. */
export type MoreBills = (bill: Bill, mirrorFolder: string) => Bill[];

/** A Kubernetes cluster of real nodes, with kubectl as its owner has it. */
export class KubernetesCluster {
  readonly site: NodeSite;
  readonly uuid: string;
  readonly watch: ClusterWatch;
  readonly #masters: number;
  readonly #billsFolder: string;
  #kubectl: Kubectl | undefined;
  readonly #program: string;

  private constructor(site: NodeSite, uuid: string, masters: number, mirror: KubernetesMirror) {
    this.site = site;
    this.uuid = uuid;
    this.#masters = masters;
    this.#billsFolder = mirror.billsFolder;
    this.#program = mirror.kubectl;
    const logs = () => site.nodes.names().map((name) => `${name}: ${site.nodes.consoleLog(name).slice(-2000)}`);
    this.watch = new ClusterWatch(site.client, uuid, { limitMs: STATUS_LIMIT_MS, logs: () => logs().join('\n') });
  }

  static async order(
    masters: number,
    nodes: number,
    { moreBills = () => [], image = 'debian' }: { moreBills?: MoreBills | undefined; image?: NodeImage } = {},
  ): Promise<KubernetesCluster> {
    const mirror = findKubernetesMirror(process.env);
    for (const bill of moreBills(mirror.bill, mirror.folder)) {
      writeFileSync(join(mirror.billsFolder, `${bill.version}.yaml`), stringify(bill));
    }
    const site = await openNodeSite({
      mirrorFolder: mirror.folder,
      image,
      settings: { BAYOU_KUBERNETES__BILLS_PATH: mirror.billsFolder },
    });
    try {
      const template = await templateOf(site, VERSION, masters, IMAGES[image]);
      const order = { cluster_template_id: template, master_count: masters, node_count: nodes };
      return new KubernetesCluster(site, await makeCluster(site.client, order), masters, mirror);
    } catch (error) {
      await site.close();
      throw error;
    }
  }

  /** Accepted; one node at a time. */
  async upgradeTo(version: string): Promise<void> {
    const template = await templateOf(this.site, version, this.#masters, IMAGES.debian);
    const order = { cluster_template: template, max_batch_size: 1 };
    const answer = await this.site.client.post(`/v1/clusters/${this.uuid}/actions/upgrade`, order);
    if (answer.status !== 202) throw new Error(`No upgrade: ${JSON.stringify(answer.body)}`);
  }

  async kubectl(): Promise<Kubectl> {
    this.#kubectl ??= await Kubectl.of(this.site.client, this.uuid, this.site.folder, this.#program);
    return this.#kubectl;
  }

  /** With a certificate signed now, and whom to trust now. */
  async kubectlAnew(): Promise<Kubectl> {
    this.#kubectl = await Kubectl.of(
      this.site.client,
      this.uuid,
      mkdtempSync(join(this.site.folder, 'owner-')),
      this.#program,
    );
    return this.#kubectl;
  }

  async shown(): Promise<Record<string, unknown> & { health_status_reason: Record<string, string> }> {
    return (await this.site.client.get(`/v1/clusters/${this.uuid}`)).body;
  }

  /** Starts the web servers; @returns name, node and address of each once all are ready. */
  async runWeb(): Promise<WebPod[]> {
    return runWeb(await this.kubectl(), this.site.folder);
  }

  async close(): Promise<void> {
    rmSync(this.#billsFolder, { recursive: true, force: true });
    await this.site.close();
  }
}

/** `cgroupfs` since these machines are no virtual ones. */
function templateOf(
  { client, mirror }: NodeSite,
  version: string,
  masters: number,
  imageName: string,
): Promise<string> {
  return makeTemplate(client, {
    name: version,
    coe: 'kubernetes',
    image_id: imageName,
    floating_ip_enabled: false,
    master_lb_enabled: masters > 1,
    labels: {
      fixed_subnet_cidr: SUBNET_CIDR,
      kube_tag: version,
      kube_mirror: mirror?.url,
      cgroup_driver: 'cgroupfs',
      // Their images are nowhere to be had here.
      coredns_enabled: false,
      metrics_server_enabled: false,
    },
  });
}
