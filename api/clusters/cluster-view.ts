import { z } from 'zod';
import type { ClusterMembers } from '../../common/db/cluster-members.js';
import type { ClusterSummary, NodeCounts, ShownCluster } from '../../common/db/clusters.js';
import { labelDifferences, labelMap, linkList, timeText, uuidText } from '../answers.js';
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

const textOrNull = z.string().nullable();

export const clusterSummaryAnswer = z.strictObject({
  uuid: uuidText,
  name: z.string(),
  cluster_template_id: z.string(),
  keypair: textOrNull,
  docker_volume_size: z.int().nullable(),
  labels: labelMap,
  merge_labels: z.boolean(),
  node_count: z.int(),
  master_count: z.int(),
  status: z.string(),
  health_status: textOrNull,
  master_flavor_id: textOrNull,
  flavor_id: textOrNull,
  create_timeout: z.int().nullable(),
  stack_id: textOrNull.optional(),
  cluster_id: textOrNull.optional(),
  links: linkList,
});

export const clusterAnswer = clusterSummaryAnswer.extend({
  status_reason: textOrNull,
  health_status_reason: z.record(z.string(), z.unknown()),
  api_address: textOrNull,
  node_addresses: z.array(z.string()),
  master_addresses: z.array(z.string()),
  discovery_url: textOrNull,
  coe_version: textOrNull,
  container_version: textOrNull,
  project_id: z.string(),
  user_id: z.string(),
  fixed_network: textOrNull,
  fixed_subnet: textOrNull,
  floating_ip_enabled: z.boolean(),
  master_lb_enabled: z.boolean(),
  ...labelDifferences,
  created_at: timeText,
  updated_at: timeText.nullable(),
  faults: z.record(z.string(), z.string()).optional(),
});

/**
 * What its owner has asked for, by the template or by itself. Terraform makes a cluster anew when it finds a label there
 * that nobody ordered.
 */
export function orderedLabels({ labels, settledLabels = [] }: Pick<ClusterSummary, 'labels' | 'settledLabels'>) {
  if (settledLabels.length === 0) return labels;
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !settledLabels.includes(name)));
}

export function clusterSummary({ cluster, members }: ClusterParts, { minor, baseUrl }: ViewOptions) {
  return {
    uuid: cluster.uuid,
    name: cluster.name,
    cluster_template_id: cluster.clusterTemplateId,
    keypair: cluster.keypair ?? null,
    docker_volume_size: cluster.dockerVolumeSize ?? null,
    labels: orderedLabels(cluster),
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
    ...labelsDifference(orderedLabels(cluster), templateLabels ?? {}),
    created_at: isoTime(cluster.createdAt),
    updated_at: isoTime(cluster.updatedAt),
  };
}

/** One cluster: `faults` is there only when something failed. */
export function singleClusterView(parts: FullClusterParts, options: ViewOptions) {
  const view = clusterView(parts, options);
  return parts.cluster.status.endsWith('_FAILED') ? { ...view, faults: parts.cluster.faults } : view;
}
