/** What a cluster is made of in the cloud, as its driver plans it; declared here because the API knows no driver. */

export interface PlannedGroup {
  name: string;
  role: string;
  nodeCount: number;
  /** Undefined: the owner has not said. */
  flavor: string | undefined;
  image: string;
  /** GiB. */
  dockerVolumeSize: number | undefined;
  labels: Record<string, string>;
}

export interface PlannedCluster {
  /** Of the cluster. */
  labels: Record<string, string>;
  fixedNetwork: string | undefined;
  fixedSubnet: string | undefined;
  floatingIpEnabled: boolean;
  masterLbEnabled: boolean;
  groups: readonly PlannedGroup[];
  /** Whether the cloud has Octavia. */
  loadBalancers: boolean;
}

export interface ClusterPlan {
  servers: PlannedServers[];
  stacks: PlannedStacks[];
  volumes: PlannedVolumes[];
  /** How many there are of each of Heat's types, all stacks together. */
  resources: Readonly<Record<string, number>>;
  /** Those that Neutron makes with each group among them. */
  securityGroupRules: number;
  /** Ports that take an address of the cluster's network, the router's own apart. */
  addresses: number;
  /** The network that it makes for itself; undefined when it stands in one that is there. */
  ownNetwork: string | undefined;
}

export interface PlannedServers {
  nodegroup: string;
  role: string;
  count: number;
  flavor: string | undefined;
  image: string;
}

export interface PlannedStacks {
  kind: 'infrastructure' | 'load_balancer' | 'nodes';
  /** Of the nodes. */
  nodegroup?: string;
  count: number;
  /** In the largest one of them. */
  resources: number;
}

export interface PlannedVolumes {
  nodegroup: string;
  purpose: string;
  count: number;
  /** Of each. */
  sizeGib: number;
  /** Undefined: Cinder's choice. */
  type: string | undefined;
}
