import { createPrivateKey, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import type { Member, PlayedCluster, PlayedHealth } from './member.js';
import { type Machine, PlayedKubernetes } from './played-kubernetes.js';
import { type Action, call, type PlayedNode, textOf, Waiting } from './played-node.js';
import { renewTrust } from './played-trust.js';
import { getCertificate } from './steps.js';
import type { NodeJson } from './user-data.js';

const settingsSchema = z.object({
  masters: z.array(z.object({ name: z.string(), address: z.string() })),
  api_host: z.string(),
  kubernetes_version: z.string(),
  network_driver: z.string().default('routes'),
  addons: z.array(z.string()).default([]),
  signs_requests: z.boolean().default(false),
});

const authoritySchema = z.object({ certificate: z.string(), key: z.string() });
const credentialSchema = z.object({ id: z.string().min(1), secret: z.string().min(1), auth_url: z.url() });

const ETCD_PROFILES = ['etcd-server', 'etcd-peer'];
const CONTROL_PLANE_PROFILES = [
  'kube-apiserver',
  'apiserver-kubelet-client',
  'front-proxy-client',
  'etcd-client',
  'kube-controller-manager',
  'kube-scheduler',
  'node-manager',
];
const KUBELET_PROFILES = ['kubelet', 'kubelet-server', 'kube-proxy'];

const LOOK_MS = 1000;
const RESTART_MS = 3000;
/** How long the scripts wait for what others do. */
const API_LIMIT_MS = 240_000;
const READY_LIMIT_MS = 180_000;

export function playKubernetes(): PlayedCluster {
  const cluster = new PlayedKubernetes();
  return (node) => new KubernetesMember(cluster, node);
}

/** A machine with the services of Kubernetes; of which ones, its steps say. */
class KubernetesMember implements Member {
  readonly steps = {
    etcd: (node: PlayedNode) => this.#startEtcd(node),
    'control-plane': (node: PlayedNode) => this.#startControlPlane(node),
    bootstrap: (node: PlayedNode) => this.#bootstrap(node),
    network: (node: PlayedNode) => this.#bringNetwork(node),
    kubelet: (node: PlayedNode) => this.#startKubelet(node),
    'node-ready': (node: PlayedNode) => this.#becomeReady(node),
  };
  readonly tasks = {
    addon: (node: PlayedNode, { name = '', uses_cloud = '' }: Record<string, string>) =>
      this.#bringAddon(node, name, uses_cloud === 'true'),
    'cloud-credential': (node: PlayedNode) => this.#takeCredential(node),
    drain: (_node: PlayedNode, { node: name = '', returns = '' }: Record<string, string>) =>
      this.#drain(name, returns === 'true'),
    'check-upgrade': (_node: PlayedNode, { version = '' }: Record<string, string>) => {
      this.#needManager();
      return `nothing is in the way of ${version}`;
    },
    uncordon: (_node: PlayedNode, { node: name = '' }: Record<string, string>) => {
      this.#needManager();
      return this.#cluster.cordoned.delete(name) ? `node/${name} uncordoned` : `${name} was not closed for this`;
    },
    upgrade: (_node: PlayedNode, { node_json: text = '' }: Record<string, string>) => this.#upgrade(text),
    'upgrade-undo': (_node: PlayedNode, { version = '' }: Record<string, string>) => this.#goBackFrom(version),
    'rotate-ca': (node: PlayedNode) => this.#rotateCa(node),
    'rotate-ca-workloads': () => {
      this.#needManager();
      return 'what runs in the cluster has what its masters have';
    },
    'remove-node': (_node: PlayedNode, { node: name = '' }: Record<string, string>) => {
      this.#needManager();
      return this.#cluster.remove(name) ? `node "${name}" deleted` : '';
    },
  };
  readonly #cluster: PlayedKubernetes;
  readonly #machine: Machine;
  readonly #role: string;
  #settings: z.output<typeof settingsSchema>;
  #previous: z.output<typeof settingsSchema> | undefined;
  #isBootstrapped = false;

  constructor(cluster: PlayedKubernetes, { node, settings }: NodeJson) {
    this.#cluster = cluster;
    this.#settings = settingsSchema.parse(settings);
    this.#machine = cluster.boot(node.name, this.#settings.masters);
    this.#role = node.role;
  }

  get hasPeers(): boolean {
    return !this.#cluster.isAlone;
  }

  halt(haltedAt: number | undefined): void {
    this.#machine.haltedAt = haltedAt === undefined ? undefined : (this.#machine.haltedAt ?? haltedAt);
  }

  health(now: number): PlayedHealth {
    const { name } = this.#machine;
    const known = this.#answers() && this.#cluster.knows(name);
    const seen = this.#role === 'master' ? this.#seen(now) : {};
    const ready = known && this.#cluster.isReady(name, now) && seen.api !== 'down';
    const version = known ? { version: this.#settings.kubernetes_version } : {};
    return { ready, fields: { role: this.#role, ...version, ...seen, state: ready ? 'ready' : 'not ready' } };
  }

  #seen(now: number): Record<string, string> {
    if (!this.#managesNodes()) return { api: 'down' };
    const missing = this.#settings.addons.filter((addon) => !this.#cluster.addons.has(addon));
    const addons = missing.length === 0 ? {} : { addons_missing: missing.join(',') };
    return { api: 'ok', ...this.#cluster.seenBy(this.#machine.name, now), ...addons };
  }

  #answers(): boolean {
    return this.#cluster.answers(this.#settings.api_host);
  }

  #managesNodes(): boolean {
    return this.#answers() && this.#cluster.hasRights;
  }

  async *#startEtcd(node: PlayedNode): Action {
    const { rebuilt, steps } = node.userData.node;
    if (rebuilt && !steps.includes('etcd-volume')) {
      throw new Error('what the member of etcd on this master held was on the disk that the server had');
    }
    for (const profile of ETCD_PROFILES) yield* getCertificate(node, profile);
    this.#machine.services.add('etcd');
  }

  async *#startControlPlane(node: PlayedNode): Action {
    for (const profile of CONTROL_PLANE_PROFILES) yield* getCertificate(node, profile);
    const secret = yield* call(node, 'GET', '/v1/secrets/service-account-key');
    createPrivateKey(textOf(secret, 'value') ?? '');
    yield* this.#takeAuthority(node);
    this.#machine.services.add('kube-apiserver');
    const isUp = yield* untilTrue(API_LIMIT_MS, () => this.#answers());
    if (!isUp) throw new Waiting('etcd has no quorum yet');
  }

  /** As `control-plane.sh`: what the controllers sign with. */
  async *#takeAuthority(node: PlayedNode): Action {
    if (!this.#settings.signs_requests) return;
    const secret = yield* call(node, 'GET', '/v1/secrets/signing-authority');
    const { certificate, key } = authoritySchema.parse(JSON.parse(textOf(secret, 'value') ?? ''));
    if (!new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))) {
      throw new Error('the key of the authority does not fit its certificate');
    }
  }

  async *#bootstrap(node: PlayedNode): Action {
    if (this.#isBootstrapped) return;
    yield* getCertificate(node, 'bootstrap');
    if (!this.#answers()) throw new Waiting('the API does not answer');
    this.#cluster.hasRights = true;
    this.#isBootstrapped = true;
  }

  async *#bringNetwork(node: PlayedNode): Action {
    const secret = yield* call(node, 'GET', '/v1/secrets/network-manifest');
    if (!textOf(secret, 'value')?.includes('kind: DaemonSet')) throw new Error('this is no manifest of a network');
    this.#needManager();
    yield* getCertificate(node, 'addons');
    node.profiles.delete('addons');
    this.#cluster.hasNetwork = true;
  }

  async *#startKubelet(node: PlayedNode): Action {
    this.#machine.trust = yield* renewTrust(node, this.#role, this.#profiles);
    this.#machine.services.add('kubelet');
  }

  async *#becomeReady({ clock }: PlayedNode): Action {
    const { name } = this.#machine;
    const isReady = yield* untilTrue(READY_LIMIT_MS, () => {
      if (this.#answers()) this.#cluster.register(name);
      const hasNetwork = this.#settings.network_driver === 'routes' || this.#cluster.hasNetwork;
      return hasNetwork && this.#answers() && this.#cluster.isReady(name, clock.now());
    });
    if (!isReady) throw new Waiting('Kubernetes does not say that the node is ready');
  }

  async *#takeCredential(node: PlayedNode): Action<string> {
    this.#needManager();
    const secret = yield* call(node, 'GET', '/v1/secrets/cloud-credential');
    const { id } = credentialSchema.parse(JSON.parse(textOf(secret, 'value') ?? ''));
    node.say(`the cluster logs in to the cloud with ${id}`);
    return `it logs in with ${id}`;
  }

  async *#bringAddon(node: PlayedNode, name: string, usesCloud: boolean): Action<string> {
    this.#needManager();
    yield* getCertificate(node, 'addons');
    node.profiles.delete('addons');
    if (usesCloud) yield* this.#takeCredential(node);
    this.#cluster.addons.add(name);
    return `${name} is available`;
  }

  #drain(name: string, returns: boolean): string {
    this.#needManager();
    if (!this.#cluster.knows(name)) return `${name} is no node of the cluster`;
    if (returns) this.#cluster.cordoned.add(name);
    return `node/${name} cordoned\nnode/${name} drained`;
  }

  /** As `upgrade.sh`: what was there is kept once, and the API is away while it starts again. */
  async *#upgrade(nodeJson: string): Action<string> {
    const wanted = settingsSchema.parse(JSON.parse(nodeJson).settings);
    if (wanted.kubernetes_version !== this.#settings.kubernetes_version) this.#previous = this.#settings;
    yield* this.#restart(wanted);
    return `${wanted.kubernetes_version} runs`;
  }

  async *#goBackFrom(version: string): Action<string> {
    if (this.#previous === undefined || this.#settings.kubernetes_version !== version) return 'nothing was changed yet';
    yield* this.#restart(this.#previous);
    return `${this.#settings.kubernetes_version} runs again`;
  }

  /** Others must believe it at once, for there is no moment at which all change. */
  async *#rotateCa(node: PlayedNode): Action<string> {
    this.#machine.trust = yield* renewTrust(node, this.#role, this.#profiles);
    yield* this.#takeAuthority(node);
    yield* this.#restart(this.#settings);
    const distrust = this.#cluster.distrust(node.clock);
    if (distrust !== undefined) throw new Error(distrust);
    return 'its certificates are those of the newest authorities';
  }

  get #profiles(): string[] {
    return this.#role === 'master'
      ? [...ETCD_PROFILES, ...CONTROL_PLANE_PROFILES, ...KUBELET_PROFILES]
      : KUBELET_PROFILES;
  }

  async *#restart(settings: z.output<typeof settingsSchema>): Action {
    const { services } = this.#machine;
    const hasApi = services.delete('kube-apiserver');
    yield RESTART_MS;
    if (hasApi) services.add('kube-apiserver');
    this.#settings = settings;
  }

  #needManager(): void {
    if (!this.#managesNodes()) throw new Error('the API does not let the node-manager in');
  }
}

/** As the scripts' `until_true`: false when it did not become true in that time. */
async function* untilTrue(limitMs: number, holds: () => boolean): Action<boolean> {
  for (let waitedMs = 0; waitedMs < limitMs; waitedMs += LOOK_MS) {
    if (holds()) return true;
    yield LOOK_MS;
  }
  return holds();
}
