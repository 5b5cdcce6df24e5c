import type { Clock } from '../common/clock.js';
import { cloudResources } from '../common/db/cloud-resources.js';
import type { ClusterTemplate } from '../common/db/cluster-templates.js';
import type { Cluster } from '../common/db/clusters.js';
import type { Database, Query } from '../common/db/database.js';
import { appendEvent } from '../common/db/events.js';
import { MASTER_ROLE, type NodeGroup, nodeGroups } from '../common/db/node-groups.js';
import { type Node, nodes } from '../common/db/nodes.js';
import type { Operation } from '../common/db/operations.js';
import type { Ids } from '../common/ids.js';
import type { Sealer } from '../common/sealing.js';
import type { RunOverSsh } from '../common/ssh/run-over-ssh.js';
import type { BayDriver, ClusterSpec, NodeScripts } from '../drivers/driver.js';
import type { CallContext, Session } from '../openstack/session.js';
import type { CatalogService } from '../openstack/token.js';
import type { Accounts } from './accounts.js';
import type { StackObserver } from './heat/stack-observer.js';
import type { StackWatches } from './heat/stack-watches.js';
import type { Lease } from './lease.js';
import { clusterNamePrefix, loadBalancerStackName } from './names.js';

/** Everything that phases use of the outside, made once per conductor. */
export interface WorkDeps {
  db: Database;
  clock: Clock;
  ids: Ids;
  sealer: Sealer;
  ssh: RunOverSsh;
  accounts: Accounts;
  stacks: StackObserver;
  watches: StackWatches;
  /** Has the operation looked at again at this time (epoch ms); best effort. */
  wake: (operationId: string, atMs: number) => Promise<void>;
  /** Where nodes report, and the authority that they check it with. */
  listener: () => Promise<{ url: string; caPem: string }>;
  /** Whether a catalog has the service where the API looked for it when it accepted the order. */
  offers: (catalog: CatalogService[], service: 'load-balancer') => boolean;
  /** User data of nodes of this driver on this `os_distro`, with the placeholders of each node's own part. */
  userData: (driver: NodeScripts, distro: string) => string;
  settings: WorkSettings;
}

export interface WorkSettings {
  pollMs: number;
  callTimeoutMs: number;
  heartbeatMs: number;
  drainTimeoutMs: number;
  certificateDays: number;
  maxServersPerStack: number;
  maxBlockedMs: number;
  historyMs: number;
  registry: RegistrySettings;
  credential: CredentialSettings;
  diagnostics: DiagnosticSettings;
}

export interface DiagnosticSettings {
  /** After a create that has failed. */
  isAutomatic: boolean;
  /** At which addresses nodes are asked over SSH. */
  ssh: 'off' | 'floating' | 'all';
  keepMs: number;
}

/** Of what clusters log in to the cloud with by themselves. */
export interface CredentialSettings {
  /** Names of those of the account's roles that it gets. */
  roles: readonly string[];
  /** Whether it is good only for the requests that the driver names. */
  hasAccessRules: boolean;
  /** Of the cloud's services. Undefined: the first one in the catalog. */
  region: string | undefined;
  /** How long one is good. */
  lifeMs: number;
}

export interface RegistrySettings {
  /** Keystone as nodes reach it, with its version, where the catalog has no public endpoint of it. */
  authUrl: string;
  /** What signs Keystone's and Swift's certificates, where nodes do not know it. */
  caPem: string | undefined;
  /** Of Swift. Undefined: the first one in the catalog. */
  region: string | undefined;
  /** How long a login is good. */
  loginMs: number;
}

export interface WorkSubject {
  operation: Operation;
  cluster: Cluster;
  template: ClusterTemplate;
  driver: BayDriver;
  lease: Lease;
}

/** One operation in a conductor's hand: what it is about, and the ways to look and to write. */
export class Work {
  readonly deps: WorkDeps;
  readonly operation: Operation;
  readonly cluster: Cluster;
  readonly template: ClusterTemplate;
  readonly driver: BayDriver;
  readonly lease: Lease;
  readonly namePrefix: string;
  /** For every outgoing call: its timeout is shorter than what is left of the lease. */
  readonly ctx: CallContext;

  constructor(deps: WorkDeps, subject: WorkSubject) {
    const { lease } = subject;
    this.deps = deps;
    this.operation = subject.operation;
    this.cluster = subject.cluster;
    this.template = subject.template;
    this.driver = subject.driver;
    this.lease = lease;
    this.namePrefix = clusterNamePrefix(subject.cluster);
    this.ctx = {
      signal: lease.signal,
      get timeoutMs() {
        return Math.min(deps.settings.callTimeoutMs, lease.remainingMs);
      },
    };
  }

  now(): number {
    return this.deps.clock.now();
  }

  /** The session of the cluster's account. */
  account(): Promise<Session> {
    return this.deps.accounts.of(this.cluster);
  }

  groups(): Promise<NodeGroup[]> {
    return this.deps.db.read('node groups', (query) => nodeGroups.list(query, { clusterId: this.cluster.uuid }));
  }

  nodes(): Promise<Node[]> {
    return this.deps.db.read('nodes', (query) => nodes.list(query, { clusterId: this.cluster.uuid }));
  }

  fenced<T>(name: string, write: (trx: Query) => Promise<T>): Promise<T> {
    return this.lease.fenced(name, write);
  }

  async event(trx: Query, kind: string, message: string, details: Record<string, unknown> = {}): Promise<void> {
    await appendEvent(trx, {
      uuid: this.deps.ids.uuid(),
      clusterId: this.cluster.uuid,
      projectId: this.cluster.projectId,
      operationId: this.operation.uuid,
      actor: 'bayou',
      kind,
      message,
      details,
      createdAt: this.now(),
    });
  }

  /** As it was when the cluster was made: what a cloud gets or loses later changes no cluster that stands. */
  async #hasLoadBalancers(): Promise<boolean> {
    if (!this.cluster.masterLbEnabled) return false;
    if (this.operation.kind === 'create') {
      const { catalog } = await (await this.account()).identity(this.ctx);
      return this.deps.offers(catalog, 'load-balancer');
    }
    const name = loadBalancerStackName(this.namePrefix);
    const key = { clusterId: this.cluster.uuid, type: 'stack', name };
    return (await this.deps.db.read('load balancer', (query) => cloudResources.find(query, key))) !== undefined;
  }

  /** The cluster as its driver sees it. */
  async spec(): Promise<ClusterSpec> {
    const { cluster, template } = this;
    const [groups, all, listener, loadBalancers] = await Promise.all([
      this.groups(),
      this.nodes(),
      this.deps.listener(),
      this.#hasLoadBalancers(),
    ]);
    const masters = all.filter(({ role }) => role === MASTER_ROLE);
    return {
      clusterId: cluster.uuid,
      clusterName: cluster.name,
      namePrefix: this.namePrefix,
      labels: cluster.labels,
      template,
      fixedNetwork: cluster.fixedNetwork,
      fixedSubnet: cluster.fixedSubnet,
      floatingIpEnabled: cluster.floatingIpEnabled,
      masterLbEnabled: cluster.masterLbEnabled,
      groups,
      masters: masters.filter(({ state }) => state === 'wanted'),
      leavingMasters: masters.filter(({ state }) => state === 'leaving'),
      cloud: { loadBalancers },
      listener,
      heartbeatSeconds: this.deps.settings.heartbeatMs / 1000,
    };
  }
}
