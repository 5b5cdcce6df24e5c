import { z } from 'zod';
import type { ClusterMembers } from '../../common/db/cluster-members.js';
import type { ClusterSummary, NodeCounts, ShownCluster } from '../../common/db/clusters.js';
import { labelMap, linkList, timeText, uuidText } from '../answers.js';
import { orderedLabels } from '../clusters/cluster-view.js';
import { isoTime, links } from '../view-values.js';

/** Upstream shows this in lists of bays, whatever the bay has. */
const SUMMARY_FLOATING_IP = true;

const textOrNull = z.string().nullable();

export const baySummaryAnswer = z.strictObject({
  uuid: uuidText,
  name: z.string(),
  baymodel_id: uuidText,
  docker_volume_size: z.int().nullable(),
  labels: labelMap,
  node_count: z.int(),
  master_count: z.int(),
  status: z.string(),
  master_flavor_id: textOrNull,
  flavor_id: textOrNull,
  bay_create_timeout: z.int().nullable(),
  stack_id: textOrNull,
  floating_ip_enabled: z.boolean(),
  links: linkList,
});

/** A list's item, as Newton to Zed have it; those of Liberty and Mitaka are parts of it. */
export function baySummary(cluster: ClusterSummary, members: NodeCounts | undefined, baseUrl: string) {
  return {
    uuid: cluster.uuid,
    name: cluster.name,
    baymodel_id: cluster.clusterTemplateId,
    docker_volume_size: cluster.dockerVolumeSize ?? null,
    labels: orderedLabels(cluster),
    node_count: members?.nodeCount ?? 0,
    master_count: members?.masterCount ?? 0,
    status: cluster.status,
    master_flavor_id: cluster.masterFlavorId ?? null,
    flavor_id: cluster.flavorId ?? null,
    bay_create_timeout: cluster.createTimeout ?? null,
    stack_id: cluster.stackId ?? null,
    floating_ip_enabled: SUMMARY_FLOATING_IP,
    links: links(baseUrl, `bays/${cluster.uuid}`),
  };
}

export const bayAnswer = baySummaryAnswer.extend({
  status_reason: textOrNull,
  discovery_url: textOrNull,
  api_address: textOrNull,
  coe_version: textOrNull,
  container_version: textOrNull,
  node_addresses: z.array(z.string()),
  master_addresses: z.array(z.string()),
  fixed_network: textOrNull,
  fixed_subnet: textOrNull,
  master_lb_enabled: z.boolean(),
  created_at: timeText,
  updated_at: timeText.nullable(),
});

export function bayView(cluster: ShownCluster, members: ClusterMembers | undefined, baseUrl: string) {
  return {
    ...baySummary(cluster, members, baseUrl),
    floating_ip_enabled: cluster.floatingIpEnabled,
    status_reason: cluster.statusReason ?? null,
    discovery_url: cluster.discoveryUrl ?? null,
    api_address: cluster.apiAddress ?? null,
    coe_version: cluster.coeVersion ?? null,
    container_version: cluster.containerVersion ?? null,
    node_addresses: members?.nodeAddresses ?? [],
    master_addresses: members?.masterAddresses ?? [],
    fixed_network: cluster.fixedNetwork ?? null,
    fixed_subnet: cluster.fixedSubnet ?? null,
    master_lb_enabled: cluster.masterLbEnabled,
    created_at: isoTime(cluster.createdAt),
    updated_at: isoTime(cluster.updatedAt),
  };
}

export const singleBayAnswer = bayAnswer.extend({ bay_faults: z.record(z.string(), z.string()).optional() });

/** One bay: `bay_faults` is there only when something failed. */
export function singleBayView(cluster: ShownCluster, members: ClusterMembers | undefined, baseUrl: string) {
  const view = bayView(cluster, members, baseUrl);
  return cluster.status.endsWith('_FAILED') ? { ...view, bay_faults: cluster.faults } : view;
}
