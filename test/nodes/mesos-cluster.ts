import { request } from 'node:https';
import { clientCertificate } from '../cloud/booted/docker-engine.js';
import { ClusterWatch } from '../support/cluster-watch.js';
import { makeCluster, makeTemplate } from '../support/orders.js';
import { SUBNET_CIDR } from './bridge.js';
import { IMAGES } from './kubernetes-cluster.js';
import { MESOS_VERSION, type MesosMirror, makeMesosMirror } from './mesos-mirror.js';
import { type NodeSite, openNodeSite } from './site.js';

const STATUS_LIMIT_MS = 600_000;
const CALL_LIMIT_MS = 15_000;
const SERVICES = '/bayou/';

type Tls = Awaited<ReturnType<typeof clientCertificate>>;

export interface MarathonTask {
  id: string;
  host: string;
  ports: number[];
  state: string;
}

/** A Mesos cluster of real nodes whose Mesos, Marathon and Chronos are stand-ins, as its owner uses it. */
export class MesosCluster {
  readonly site: NodeSite;
  readonly uuid: string;
  readonly watch: ClusterWatch;
  readonly #mirror: MesosMirror;
  #tls: Tls | undefined;

  private constructor(site: NodeSite, uuid: string, mirror: MesosMirror) {
    this.site = site;
    this.uuid = uuid;
    this.#mirror = mirror;
    const logs = () => site.nodes.names().map((name) => `${name}: ${site.nodes.consoleLog(name).slice(-2000)}`);
    this.watch = new ClusterWatch(site.client, uuid, { limitMs: STATUS_LIMIT_MS, logs: () => logs().join('\n') });
  }

  static async order(masters: number, nodes: number): Promise<MesosCluster> {
    const mirror = makeMesosMirror();
    const site = await openNodeSite({
      mirrorFolder: mirror.folder,
      settings: { BAYOU_MESOS__BILLS_PATH: mirror.billsFolder },
    });
    try {
      const template = await makeTemplate(site.client, {
        name: 'mesos',
        coe: 'mesos',
        image_id: IMAGES.debian,
        floating_ip_enabled: false,
        master_lb_enabled: masters > 1,
        labels: {
          fixed_subnet_cidr: SUBNET_CIDR,
          mesos_version: MESOS_VERSION,
          mesos_mirror: site.mirror?.url,
          service_discovery: true,
        },
      });
      const order = { cluster_template_id: template, master_count: masters, node_count: nodes };
      return new MesosCluster(site, await makeCluster(site.client, order), mirror);
    } catch (error) {
      await site.close();
      mirror.remove();
      throw error;
    }
  }

  /** As its owner adds one; waits until it serves. */
  async addEdge(): Promise<void> {
    const body = { name: 'edge', role: 'edge', node_count: 1 };
    const answer = await this.site.client.post(`/v1/clusters/${this.uuid}/nodegroups`, body);
    if (answer.status !== 202) throw new Error(`No edge: ${JSON.stringify(answer.body)}`);
    await this.watch.ended('UPDATE_COMPLETE');
  }

  async shown(): Promise<Record<string, unknown> & { health_status_reason: Record<string, string> }> {
    return (await this.site.client.get(`/v1/clusters/${this.uuid}`)).body;
  }

  /** Names of the nodes of a role. */
  named(role: 'master' | 'worker' | 'edge'): string[] {
    return this.site.nodes
      .names()
      .filter((name) => name.includes(`-${role}-`))
      .sort();
  }

  async nodeNamed(name: string): Promise<{ addresses: { private: string; public: string | null } }> {
    const { body } = await this.site.client.get(`/v1/clusters/${this.uuid}/nodes`);
    return body.nodes.find((node: { name: string }) => node.name === name);
  }

  /** Marathon's API by HAProxy, with a certificate of a user. @throws Error for any answer but 2xx */
  async marathon(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    return JSON.parse((await this.call(method, path, body)) || '{}');
  }

  async tasks(app: string): Promise<MarathonTask[]> {
    return (await this.marathon('GET', `/v2/apps${app}/tasks`)).tasks as MarathonTask[];
  }

  /** @param tls without a certificate: none is shown */
  async call(method: string, path: string, body?: unknown, tls?: Partial<Tls>): Promise<string> {
    this.#tls ??= await clientCertificate(this.site.client, this.uuid);
    const { api_address: address } = await this.shown();
    const options = {
      method,
      agent: false,
      signal: AbortSignal.timeout(CALL_LIMIT_MS),
      ...(tls ?? this.#tls),
    } as const;
    return new Promise((resolve, reject) => {
      const call = request(`${address}${path}`, { ...options, headers: { 'Content-Type': 'application/json' } });
      call.on('error', reject);
      call.on('response', (response) => {
        let text = '';
        response.on('data', (part) => {
          text += String(part);
        });
        response.on('end', () =>
          (response.statusCode ?? 0) < 300
            ? resolve(text)
            : reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`)),
        );
        response.on('error', reject);
      });
      call.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  get certificateAuthority(): string {
    return this.#tls?.ca ?? '';
  }

  /** What a node may read of etcd, or why not. */
  async etcd(node: string, certificate: string, ...command: string[]): Promise<string> {
    const { private: address } = (await this.nodeNamed(this.named('master')[0] ?? '')).addresses;
    const pki = '/etc/mesos/pki';
    const files = `--cacert=${pki}/etcd-ca.crt --cert=${pki}/${certificate}.crt --key=${pki}/${certificate}.key`;
    const options = [`--endpoints=https://${address}:2379`, ...files.split(' ')];
    return this.site.nodes.run(node, 'env', 'ETCDCTL_API=3', 'etcdctl', ...options, ...command);
  }

  /** What is registered: key → value, without the common beginning. */
  async services(): Promise<Record<string, string>> {
    const [edge = ''] = this.named('edge');
    const lines = (await this.etcd(edge, 'etcd-edge', 'get', '--prefix', SERVICES)).trim().split('\n');
    const pairs = lines.flatMap((key, index) => (index % 2 === 0 && key !== '' ? [[key, lines[index + 1] ?? '']] : []));
    return Object.fromEntries(pairs.map(([key = '', value = '']) => [key.slice(SERVICES.length), value]));
  }

  async close(): Promise<void> {
    await this.site.close();
    this.#mirror.remove();
  }
}
