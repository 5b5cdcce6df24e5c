import { z } from 'zod';
import type { Cluster } from '../../common/db/clusters.js';
import { MASTER_ROLE, type NodeGroup } from '../../common/db/node-groups.js';
import { flag, integer, labels, requiredText, text } from '../fields.js';
import type { Finding } from '../validation.js';
import { schedulingFields } from './scheduling.js';

/** What a user may say of a new node group. */
export const nodeGroupBody = z.strictObject({
  name: requiredText(),
  node_count: integer(0),
  min_node_count: integer(0),
  max_node_count: integer(0),
  role: text(),
  flavor_id: text(),
  image_id: text(),
  docker_volume_size: integer(1),
  labels: labels(),
  merge_labels: flag(),
  /** Only the cluster's own; magnumclient may send it. */
  project_id: text(),
  ...schedulingFields,
});

export type NodeGroupBody = z.output<typeof nodeGroupBody>;

/** Masters have ports, and a quorum: there is one group of them, made with the cluster (upstream). */
export function requestProblems(body: NodeGroupBody, cluster: Pick<Cluster, 'projectId'>): Finding[] {
  const { role, project_id: projectId } = body;
  const problems: Finding[] = [];
  if (role?.toLowerCase() === MASTER_ROLE) {
    problems.push({ field: 'role', message: 'there is one group of masters only, resize it' });
  }
  if (projectId !== undefined && projectId !== cluster.projectId) {
    problems.push({ field: 'project_id', message: "must be the cluster's" });
  }
  return problems;
}

/** Labels of the request take the place of the cluster's unless it asks to merge them. */
export function groupLabels(body: NodeGroupBody, cluster: Pick<Cluster, 'labels'>): Record<string, string> {
  if (body.labels === undefined || Object.keys(body.labels).length === 0) return cluster.labels;
  return body.merge_labels === true ? { ...cluster.labels, ...body.labels } : body.labels;
}

/** `minNodeCount ≤ nodeCount ≤ maxNodeCount`. */
export function boundsProblems(group: Pick<NodeGroup, 'nodeCount' | 'minNodeCount' | 'maxNodeCount'>): Finding[] {
  const { nodeCount, minNodeCount, maxNodeCount } = group;
  const problems: Finding[] = [];
  if (maxNodeCount !== undefined && maxNodeCount < minNodeCount) {
    problems.push({
      field: 'max_node_count',
      message: `${maxNodeCount} is less than the min_node_count ${minNodeCount}`,
    });
  }
  if (nodeCount < minNodeCount) {
    problems.push({ field: 'min_node_count', message: `${minNodeCount} is more than the node_count ${nodeCount}` });
  }
  if (maxNodeCount !== undefined && nodeCount > maxNodeCount) {
    problems.push({ field: 'max_node_count', message: `${maxNodeCount} is less than the node_count ${nodeCount}` });
  }
  return problems;
}
