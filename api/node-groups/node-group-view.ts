import { z } from 'zod';
import type { Cluster } from '../../common/db/clusters.js';
import type { NodeGroup } from '../../common/db/node-groups.js';
import { labelDifferences, labelMap, linkList, timeText, uuidText } from '../answers.js';
import { isoTime, labelsDifference, links } from '../view-values.js';

const textOrNull = z.string().nullable();

export const groupSummaryAnswer = z.strictObject({
  uuid: uuidText,
  name: z.string(),
  flavor_id: textOrNull,
  image_id: textOrNull,
  node_count: z.int(),
  role: z.string(),
  is_default: z.boolean(),
  status: textOrNull,
  stack_id: textOrNull,
  min_node_count: z.int(),
  max_node_count: z.int().nullable(),
  merge_labels: z.boolean(),
});

export const groupAnswer = groupSummaryAnswer.extend({
  id: z.int(),
  cluster_id: z.string(),
  project_id: z.string(),
  node_addresses: z.array(z.string()),
  labels: labelMap,
  ...labelDifferences,
  node_labels: labelMap,
  node_taints: z.array(z.strictObject({ key: z.string(), value: z.string().optional(), effect: z.string() })),
  docker_volume_size: z.int().nullable(),
  status_reason: textOrNull,
  version: z.unknown(),
  created_at: timeText,
  updated_at: timeText.nullable(),
  links: linkList,
});

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
