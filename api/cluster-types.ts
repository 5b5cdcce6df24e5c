import type { ClusterTemplate } from '../common/db/cluster-templates.js';
import type { NodeGroup } from '../common/db/node-groups.js';
import type { ClusterPlan, PlannedCluster } from './cluster-plan.js';

/**
 * What the API asks of the bay drivers, declared here because the API knows none of them. Every
 * answer is pure and immediate: it is given before anything is accepted.
 */
export interface ClusterTypes {
  /** The driver that serves this kind, undefined when there is none or it is disabled. */
  driverFor(kind: ClusterKind): string | undefined;
  /** What an owner who left it open gets; stored with the template. */
  defaults(coe: string): { networkDriver?: string | undefined };
  /** Labels that an order left open and its cluster keeps, such as the version that is the newest when it is accepted. */
  settledLabels(driver: string, labels: Record<string, string>): Record<string, string>;
  /** Everything that is wrong with a template, not only the first thing. */
  templateProblems(template: TemplateOrder): Problem[];
  /** Everything that is wrong with a cluster of a template that is right in itself. */
  clusterProblems(order: ClusterOrder, template: ClusterTemplate): Problem[];
  /** Whether `group` may have `nodeCount` nodes and lose the chosen ones; its own bounds are checked by the API. */
  resizeProblems(driver: string, order: ResizeOrder): Problem[];
  /** Whether a cluster of `driver` may have so many nodes. */
  sizeProblems(driver: string, order: SizeOrder): Problem[];
  /** Everything that is wrong with a further group of nodes in a cluster of `template`. */
  nodeGroupProblems(order: NodeGroupOrder, template: ClusterTemplate): Problem[];
  /** Whether the nodes of a group can have its labels and taints, in a cluster of `driver`. */
  schedulingProblems(driver: string, group: Pick<NodeGroup, 'name' | 'role' | 'nodeLabels' | 'nodeTaints'>): Problem[];
  /** What an upgrade comes to; undefined where clusters of this driver have none. */
  upgradePlan(driver: string, order: UpgradeOrder): UpgradePlan | undefined;
  /** Whether the authorities of this driver's clusters can be changed. */
  rotatesCa(driver: string): boolean;
  /** Whether what this driver's clusters log in with can be changed. */
  rotatesCredentials(driver: string): boolean;
  /** What a cluster that is right consists of in the cloud; undefined without its driver. */
  plan(driver: string, order: PlannedCluster, template: ClusterTemplate): ClusterPlan | undefined;
  /** What each driver in use understands of labels. */
  labels(): DriverLabels[];
  /** Labels that mean nothing to the driver, each with the nearest one that does. They are stored all the same. */
  unknownLabels(driver: string, labels: Record<string, string>): { label: string; nearest?: string | undefined }[];
}

export interface DriverLabels {
  driver: string;
  coes: string[];
  labels: Readonly<Record<string, LabelDefinition>>;
}

/** A label as its driver describes it. */
export type LabelDefinition = { help: string; default?: string } & (
  | { type: 'text'; like?: { pattern: RegExp; words: string } }
  | { type: 'boolean' | 'cidr' }
  | { type: 'integer'; min: number; max: number }
  | { type: 'choice'; values: readonly string[] }
  /** Accepted, and without a meaning. */
  | { type: 'meaningless' }
);

export interface ResizeOrder {
  /** As it is before. */
  group: NodeGroup;
  nodeCount: number;
  /** How many nodes the caller chose to go. */
  leaving: number;
  masterLbEnabled: boolean;
}

export interface SizeOrder {
  /** Of the cluster. */
  labels: Record<string, string>;
  networkDriver: string | undefined;
  /** Masters and the nodes of all groups. */
  nodeCount: number;
}

export interface UpgradeOrder {
  /** Of the cluster. */
  labels: Record<string, string>;
  groups: NodeGroup[];
  /** What its nodes said that they run, when it was last well. */
  runningVersion: string | undefined;
  /** Labels of the template that it is to follow. */
  wanted: Record<string, string>;
  /** A further group that follows the masters alone. Default: the cluster, which is its two default groups. */
  groupId?: string | undefined;
}

export interface UpgradePlan {
  problems: Problem[];
  /** Why the template can be none to upgrade to, whatever the cluster is. */
  unfit?: string;
  before: string;
  version: string;
  /** Labels that say the version; and the one before, for groups that leave it open. */
  labels: Record<string, string>;
  labelsBefore: Record<string, string>;
}

/** A node group with its cluster's defaults filled in, and what of the cluster decides whether it can be. */
export interface NodeGroupOrder {
  /** Undefined: that of the image is not known, which is a problem of its own. */
  distro: string | undefined;
  role: string;
  labels: Record<string, string>;
  clusterLabels: Record<string, string>;
  flavorId: string | undefined;
  /** GiB. */
  dockerVolumeSize: number | undefined;
  floatingIpEnabled: boolean;
  fixedNetwork: string | undefined;
  /** Those that the cluster has. */
  groups: NodeGroup[];
}

export interface ClusterKind {
  serverType: string;
  /** The image's `os_distro`. */
  os: string;
  coe: string;
}

export interface Problem {
  /** The request's field at fault, as a path: `labels.swarm_strategy`. */
  field: string;
  /** A clause without a full stop. */
  message: string;
}

/** A template before it has an owner. */
export type TemplateOrder = Omit<ClusterTemplate, 'id' | 'uuid' | 'projectId' | 'userId' | 'createdAt' | 'updatedAt'>;

/** A cluster with its template's defaults filled in. */
export interface ClusterOrder {
  masterCount: number;
  nodeCount: number;
  labels: Record<string, string>;
  masterLbEnabled: boolean;
  floatingIpEnabled: boolean;
  /** GiB. */
  dockerVolumeSize: number | undefined;
  flavorId: string | undefined;
  masterFlavorId: string | undefined;
  fixedNetwork: string | undefined;
  fixedSubnet: string | undefined;
  /** What the cloud has, by the catalog of the caller's token. */
  cloud?: { loadBalancers: boolean; objectStore: boolean; blockStorage: boolean; credentials: boolean };
}
