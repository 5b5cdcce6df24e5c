import type { Cluster } from '../../common/db/clusters.js';
import type { NodeGroup } from '../../common/db/node-groups.js';
import { isoTime, labelsDifference, links } from '../view-values.js';

/** The bounds are upstream's defaults, whatever is stored: clients take them from the full view. */
export function groupSummary(group: NodeGroup) {
  return {
    uuid: group.uuid,
    name: group.name,
    flavor_id: group.flavorId ?? null,
    image_id: group.imageId ?? null,
    node_count: group.nodeCount,
    role: group.role,
    is_default: group.isDefault,
    status: group.status ?? null,
    stack_id: group.stackId ?? null,
    min_node_count: 0,
    max_node_count: null,
    merge_labels: false,
  };
}

export function groupView(group: NodeGroup, cluster: Pick<Cluster, 'labels'>, addresses: string[], baseUrl: string) {
  return {
    id: group.id,
    ...groupSummary(group),
    min_node_count: group.minNodeCount,
    max_node_count: group.maxNodeCount ?? null,
    cluster_id: group.clusterId,
    project_id: group.projectId,
    node_addresses: addresses,
    labels: group.labels,
    ...labelsDifference(group.labels, cluster.labels),
    node_labels: group.nodeLabels,
    node_taints: group.nodeTaints,
    docker_volume_size: group.dockerVolumeSize ?? null,
    status_reason: group.statusReason ?? null,
    version: group.version ?? null,
    created_at: isoTime(group.createdAt),
    updated_at: isoTime(group.updatedAt),
    links: links(baseUrl, `clusters/${group.clusterId}/nodegroups/${group.uuid}`),
  };
}
