import type { ClusterMembers } from '../../common/db/cluster-members.js';
import type { ClusterSummary, NodeCounts, ShownCluster } from '../../common/db/clusters.js';
import type { Minor } from '../microversion.js';
import { isoTime, labelsDifference, links } from '../view-values.js';

/** From 1.13 on `stack_id` is called `cluster_id`. */
const RENAMED_STACK_ID: Minor = 13;

export interface ClusterParts {
  cluster: ClusterSummary;
  members: NodeCounts | undefined;
}

export interface ViewOptions {
  minor: Minor;
  baseUrl: string;
}

export function clusterSummary({ cluster, members }: ClusterParts, { minor, baseUrl }: ViewOptions) {
  return {
    uuid: cluster.uuid,
    name: cluster.name,
    cluster_template_id: cluster.clusterTemplateId,
    keypair: cluster.keypair ?? null,
    docker_volume_size: cluster.dockerVolumeSize ?? null,
    labels: cluster.labels,
    merge_labels: false,
    node_count: members?.nodeCount ?? 0,
    master_count: members?.masterCount ?? 0,
    status: cluster.status,
    health_status: cluster.healthStatus ?? null,
    master_flavor_id: cluster.masterFlavorId ?? null,
    flavor_id: cluster.flavorId ?? null,
    create_timeout: cluster.createTimeout ?? null,
    [minor >= RENAMED_STACK_ID ? 'cluster_id' : 'stack_id']: cluster.stackId ?? null,
    links: links(baseUrl, `clusters/${cluster.uuid}`),
  };
}

export interface FullClusterParts extends ClusterParts {
  cluster: ShownCluster;
  members: ClusterMembers | undefined;
  templateLabels: Record<string, string> | undefined;
}

export function clusterView(parts: FullClusterParts, options: ViewOptions) {
  const { cluster, members, templateLabels } = parts;
  return {
    ...clusterSummary(parts, options),
    status_reason: cluster.statusReason ?? null,
    health_status_reason: cluster.healthStatusReason,
    api_address: cluster.apiAddress ?? null,
    node_addresses: members?.nodeAddresses ?? [],
    master_addresses: members?.masterAddresses ?? [],
    discovery_url: cluster.discoveryUrl ?? null,
    coe_version: cluster.coeVersion ?? null,
    container_version: cluster.containerVersion ?? null,
    project_id: cluster.projectId,
    user_id: cluster.userId,
    fixed_network: cluster.fixedNetwork ?? null,
    fixed_subnet: cluster.fixedSubnet ?? null,
    floating_ip_enabled: cluster.floatingIpEnabled,
    master_lb_enabled: cluster.masterLbEnabled,
    ...labelsDifference(cluster.labels, templateLabels ?? {}),
    created_at: isoTime(cluster.createdAt),
    updated_at: isoTime(cluster.updatedAt),
  };
}

/** One cluster: `faults` is there only when something failed. */
export function singleClusterView(parts: FullClusterParts, options: ViewOptions) {
  const view = clusterView(parts, options);
  return parts.cluster.status.endsWith('_FAILED') ? { ...view, faults: parts.cluster.faults } : view;
}
