import type { ClusterTemplate } from '../common/db/cluster-templates.js';
import type { HealthStatus } from '../common/db/clusters.js';
import type { NodeGroup } from '../common/db/node-groups.js';
import type { CertificateProfile, Node } from '../common/db/nodes.js';
import { USERS_AUTHORITY } from '../common/trusted-authorities.js';
import type { LabelDefinition } from './label-definition.js';
import type { UpgradeOrder, UpgradePlan } from './upgrade-order.js';

/**
 * The contract of a bay driver, the plug-in for one orchestrator. A driver is data and pure functions:
 * it says which stacks, certificates and node data a cluster consists of; the conductor makes them.
 * `test/contract/driver.contract.ts` runs over every driver in the registry.
 */
export interface BayDriver extends NodeScripts {
  readonly serves: readonly ClusterKind[];
  /** Labels it understands; others are stored and explained as unknown. */
  readonly labels: Readonly<Record<string, LabelDefinition>>;
  readonly defaultNetworkDriver: string;
  /** What is wrong with an order, before anything is accepted. An order for what it can't do is a problem. */
  validate(order: ClusterOrder): Problem[];
  /** Labels that an order left open and its cluster keeps: what the next version of the service has is not for it. */
  settledLabels?(labels: Readonly<Record<string, string>>): Record<string, string>;
  /** What is wrong with a resize, before it is accepted. */
  validateResize(order: ResizeOrder): Problem[];
  /** What is wrong with a cluster's having so many nodes, masters and all groups together, before more are accepted. */
  validateSize?(order: SizeOrder): Problem[];
  /** What is wrong with a further group's role, labels and taints. Without it the orchestrator knows no labels and taints. */
  validateNodeGroup?(order: NodeGroupOrder): Problem[];
  /** What is wrong with the labels of a group's own, beside their values. Without it they are taken as they are. */
  validateGroupLabels?(order: GroupLabelsOrder): Problem[];
  /** What an upgrade comes to, and what is wrong with it, before it is accepted. Without it clusters have none. */
  planUpgrade?(order: UpgradeOrder): UpgradePlan;
  /** What a cluster does in the cloud by itself. Undefined: nothing, and it gets no credential. */
  cloudUse?(cluster: Pick<ClusterSpec, 'clusterId' | 'labels'>): CloudUse | undefined;
  /** What is needed before any machine boots. */
  planInfrastructure(spec: ClusterSpec): InfrastructurePlan;
  /**
   * What stands before the masters, slow to come up: a stack beside the nodes. Its resource
   * `load_balancer` has the attribute `vip_address`, known as soon as the cloud has accepted it.
   */
  planLoadBalancer?(spec: ClusterSpec, infrastructure: Infrastructure): StackPlan | undefined;
  /** What a node is told, once the infrastructure is there. */
  planNode(spec: ClusterSpec, infrastructure: Infrastructure, node: NodeIdentity): NodePlan;
  /** Cinder volumes of every node of a group; `labels` are the cluster's. */
  planVolumes(
    group: Pick<NodeGroup, 'role' | 'dockerVolumeSize' | 'labels'>,
    labels: Readonly<Record<string, string>>,
  ): VolumePlan[];
  /** Whether nodes of a group have floating addresses whatever the cluster has: users come by them. Without it none has. */
  needsFloatingAddress?(group: Pick<NodeGroup, 'role'>): boolean;
  /** Servers of one group, as one flat stack. */
  planNodeStack(input: NodeStackInput): StackPlan;
  /** Where users reach the cluster. */
  accessUrl(spec: ClusterSpec, infrastructure: Infrastructure): string;
  /** From what the nodes say; a node that is silent for three heartbeats counts as unknown. */
  health(reports: readonly NodeReport[]): Health;
  /** Whether a node has said that it has nothing to do: such go first when the caller chose none. Without it nobody knows. */
  isIdle?(node: Pick<Node, 'orchestrator'>): boolean;
  readonly tasks: DriverTasks;
}

/** Where the scripts of a driver's nodes are. */
export interface NodeScripts {
  /** Of one of Bayou's own, also the name of its folder here and under `templates/`. */
  readonly name: string;
  /** With `steps` and `tasks` in it; absolute. Default: `templates/<name>`. */
  readonly scriptsFolder?: string;
}

/** Day-two work that nodes do. Each is optional: a driver without it has nothing to do there. */
export interface DriverTasks {
  /** Moves the work of nodes that are to leave. Runs on nodes that stay; none: nobody can do it just now. */
  drain?(nodes: readonly Node[], leaving: readonly Node[], timeoutSeconds: number): NodeTaskPlan[];
  /** Has the registries on these nodes log in with what is new in `REGISTRY_LOGIN`. */
  renewRegistry?(nodes: readonly Node[]): NodeTaskPlan[];
  /** With `cloudUse`: has whatever logs in to the cloud do so with what is new in `CLOUD_CREDENTIAL`. */
  renewCredential?(spec: ClusterSpec, nodes: readonly Node[]): NodeTaskPlan[];
  /** Makes the orchestrator forget nodes whose servers are gone. None: nobody can do it just now. */
  removeNodes?(nodes: readonly Node[], gone: readonly Node[]): NodeTaskPlan[];
  /** What comes into a cluster once its nodes are ready, in order; the subject names it. The cluster does without it, too. */
  addons?(spec: ClusterSpec, nodes: readonly Node[]): NodeTaskPlan[];
  /** Brings masters that stay the list of all: before one goes, and after one has come. */
  tellMasters?(nodes: readonly Node[]): NodeTaskPlan[];
  /** With `planUpgrade`: how nodes get another version in place. */
  upgrade?: UpgradeTasks;
  /** How nodes change from one set of certificate authorities to another. Without it they can't. */
  rotateCa?: RotationTasks;
}

/**
 * Whom nodes trust and who signs for them, the node listener says at any moment; the conductor sees to it that no node
 * is told of a next stage before all have come to this one. `stage` is for the task's key.
 */
export interface RotationTasks {
  /** Brings what the node trusts and holds in line with what the listener says now, and its services with that. */
  follow(node: Node, stage: string): NodeTaskPlan;
  /** The same for what the orchestrator keeps for its workloads, once all nodes have followed. */
  renewWorkloads(nodes: readonly Node[], stage: string): NodeTaskPlan[];
}

/** What one node's upgrade consists of; the conductor decides whose turn it is. */
export interface UpgradeTasks {
  /** Looks for what would be in the way; `moving` are those whose work moves. One that fails says what, in its last line. */
  check(nodes: readonly Node[], upgrade: { version: string; moving: readonly Node[] }): NodeTaskPlan[];
  /** Moves the work of a node that will be back. */
  release(nodes: readonly Node[], subject: Node, timeoutSeconds: number): NodeTaskPlan[];
  /** Work may come to it again, unless its owner had closed it before. */
  resume(nodes: readonly Node[], subject: Node): NodeTaskPlan[];
  /** Changes to what this node.json says. What was there before is kept for `undo`. */
  upgrade(node: Node, nodeData: Record<string, unknown>): NodeTaskPlan;
  /** Back from an upgrade to this version. */
  undo(node: Node, version: string): NodeTaskPlan;
  /** Whether this node.json is of the version. */
  isOf(nodeData: Record<string, unknown>, version: string): boolean;
  /** Whether the node said last that it runs the version, and well. */
  serves(node: Node, version: string): boolean;
}

export interface NodeTaskPlan {
  /** The node that does it. */
  runOn: Node;
  /** A script's name in the driver's `tasks` folder. */
  name: string;
  /** What it is about, for its key. */
  subject: string;
  params: Record<string, string>;
  /** The node was made with it: nothing to do, unless a later task of this name has told it otherwise. */
  isKnown?: boolean;
}

/** What an orchestrator may do in the cloud, and by what that is known as its cluster's when it is to go with it. */
export interface CloudUse {
  /** What a credential is restricted to, where the cloud's services understand that. */
  accessRules: readonly AccessRule[];
  /** The beginning of its load balancers' names, and what the descriptions of its floating addresses look like. */
  loadBalancers?: { namePrefix: string; addressDescription: RegExp };
  /** Metadata of its volumes. */
  volumes?: Readonly<Record<string, string>>;
}

/** As Keystone has them: `*` is one part of a path, `**` any number. */
export interface AccessRule {
  service: string;
  method: string;
  path: string;
}

/** What selects a driver: exactly one serves a kind. */
export interface ClusterKind {
  serverType: string;
  /** The image's `os_distro`. */
  os: string;
  coe: string;
}

export interface Problem {
  /** The request's field at fault. */
  field: string;
  message: string;
}

/** The part of a template, and of a cluster over it, that a driver judges. Counts are of clusters only. */
export type ClusterOrder = Pick<
  ClusterTemplate,
  | 'labels'
  | 'networkDriver'
  | 'volumeDriver'
  | 'dockerVolumeSize'
  | 'dockerStorageDriver'
  | 'clusterDistro'
  | 'externalNetworkId'
  | 'fixedNetwork'
  | 'floatingIpEnabled'
  | 'masterLbEnabled'
  | 'registryEnabled'
  | 'insecureRegistry'
  | 'serverType'
  | 'tlsDisabled'
  | 'flavorId'
  | 'masterFlavorId'
> & {
  masterCount?: number;
  nodeCount?: number;
  cloud?: CloudFacts;
  /** Of a further group of nodes, when one is judged. */
  role?: string;
};

/** What a cloud has, as far as a plan depends on it. */
export interface CloudFacts {
  /** Octavia, by its catalog. */
  loadBalancers: boolean;
  /** Swift, by its catalog. Known when an order is judged. */
  objectStore?: boolean;
  /** Cinder, by its catalog. Known when an order is judged. */
  blockStorage?: boolean;
  /** Whether accounts of clusters can make application credentials: under a trust they can't. Known as before. */
  credentials?: boolean;
}

export interface ResizeOrder {
  /** As it is before. */
  group: Pick<NodeGroup, 'role' | 'nodeCount'>;
  nodeCount: number;
  /** How many nodes the caller chose to go. */
  leaving: number;
  masterLbEnabled: boolean;
}

export type SizeOrder = Pick<ClusterOrder, 'labels' | 'networkDriver'> & { nodeCount: number };

export type NodeGroupOrder = Pick<NodeGroup, 'name' | 'role' | 'nodeLabels' | 'nodeTaints'>;

export interface GroupLabelsOrder {
  /** Of the group. */
  labels: Readonly<Record<string, string>>;
  clusterLabels: Readonly<Record<string, string>>;
  /** Those that the cluster has. */
  groups: readonly Pick<NodeGroup, 'role' | 'labels'>[];
}

export interface NodeIdentity {
  uuid: string;
  name: string;
  role: string;
  ordinal: number;
  nodeGroupId: string;
}

/** A cluster as a driver sees it. */
export interface ClusterSpec {
  clusterId: string;
  clusterName: string;
  /** Begins the names of its stacks and nodes; unique to the cluster. */
  namePrefix: string;
  labels: Readonly<Record<string, string>>;
  template: ClusterTemplate;
  fixedNetwork: string | undefined;
  fixedSubnet: string | undefined;
  floatingIpEnabled: boolean;
  masterLbEnabled: boolean;
  groups: readonly NodeGroup[];
  /** Masters that should exist; their ports belong to the infrastructure. */
  masters: readonly NodeIdentity[];
  /** Masters that are to go and need their ports until they have. */
  leavingMasters: readonly NodeIdentity[];
  cloud: CloudFacts;
  listener: { url: string; caPem: string };
  heartbeatSeconds: number;
}

/** A HOT template with its parameters. */
export interface StackPlan {
  template: HotTemplate;
  parameters: Record<string, unknown>;
}

export interface HotTemplate {
  heat_template_version: string;
  description?: string;
  parameters?: Record<string, unknown>;
  resources: Record<string, HotResource>;
  outputs?: Record<string, { value: unknown }>;
}

export interface HotResource {
  type: string;
  properties?: Record<string, unknown>;
  depends_on?: string | string[];
}

export interface InfrastructurePlan {
  stack: StackPlan;
  /** Names of the cluster's own certificate authorities. `cluster` signs what users present. */
  authorities: readonly string[];
  /** Values that nodes hand to each other through the node listener. */
  secrets: readonly SecretPlan[];
}

export interface SecretPlan {
  name: string;
  readableBy: readonly string[];
  writableBy: readonly string[];
  /**
   * What it is from the beginning: an EC private key (P-256, SEC 1 in PEM), a text, or an authority of the cluster, as
   * `SIGNING_AUTHORITY` has it, which is another one when authorities change. Default: nothing, until a node sends it.
   */
  initial?: 'private_key' | { text: string } | { authority: string };
}

/** Outputs of the infrastructure stack. */
export interface Infrastructure {
  networkId: string;
  subnetId: string;
  /** Role → security group id. */
  securityGroups: Readonly<Record<string, string>>;
  /** Node name → its port and addresses. */
  masterPorts: Readonly<Record<string, MasterPort>>;
  /** What users reach the masters by, when something stands before them. */
  vip?: Vip;
}

export interface Vip {
  /** In the cluster's network. */
  address?: string;
  floatingAddress?: string;
  /** The floating address's id, for whoever points it at a port. */
  floatingId?: string;
}

export interface MasterPort {
  portId: string;
  address: string;
  floatingAddress?: string;
}

/** What goes into one stack of servers. */
export interface NodeStackInput {
  servers: ServerPlan[];
  /** With the placeholders of `node-stack.ts` and `node-volumes.ts`. */
  userData: string;
  keyName: string | undefined;
  networkId: string;
  subnetId: string;
  externalNetwork: string | undefined;
  availabilityZone: string | undefined;
  /** Of the cluster. */
  labels: Readonly<Record<string, string>>;
  networkDriver: string | undefined;
  /** Put on every server, for operators and the orphan search. */
  metadata: Record<string, string>;
}

export interface ServerPlan {
  name: string;
  flavor: string;
  image: string;
  securityGroup: string;
  /** A master's port, made with the infrastructure. Others get one here when they need a floating address. */
  portId?: string;
  floatingAddress: boolean;
  volumes: readonly VolumePlan[];
  /** Base64 of node.json. */
  nodeJson: string;
  ticket: string;
}

/** What the orchestrator keeps on it. */
export type VolumePurpose = 'containers' | 'etcd';

/** One for a purpose at most. */
export interface VolumePlan {
  purpose: VolumePurpose;
  sizeGib: number;
  /** Cinder's own choice when left out. */
  type?: string;
}

export interface NodePlan {
  /** `settings` and `steps` of node.json. */
  settings: Record<string, unknown>;
  steps: readonly string[];
  certificateProfiles: Record<string, CertificateProfile>;
}

export interface NodeReport {
  name: string;
  role: string;
  ready: boolean;
  /** Not heard of for three heartbeats. */
  silent: boolean;
  orchestrator: Readonly<Record<string, string>>;
}

export interface Health {
  status: HealthStatus;
  reason: Record<string, string>;
}

/** Its clients are the users'. */
export const CLUSTER_AUTHORITY = USERS_AUTHORITY;

/** The secret of a driver with `cloudUse`: what a cluster logs in to the cloud with, as JSON. The conductor fills it. */
export const CLOUD_CREDENTIAL = 'cloud-credential';

/** The secret of a driver with registries: what they log in to Swift with, as JSON. The conductor fills it. */
export const REGISTRY_LOGIN = 'registry-login';
