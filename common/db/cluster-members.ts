import type { NodeCounts } from './clusters.js';
import type { Query } from './database.js';
import { MASTER_ROLE } from './node-groups.js';
import type { NodeAddresses, NodeState } from './nodes.js';

/** What views of a cluster need of its node groups and nodes. */
export interface ClusterMembers extends NodeCounts {
  /** Of nodes that are to stay; floating where there is one. */
  masterAddresses: string[];
  nodeAddresses: string[];
}

const none = (): ClusterMembers => ({ masterCount: 0, nodeCount: 0, masterAddresses: [], nodeAddresses: [] });

interface MemberRow {
  cluster_id: string;
  uuid: string;
  role: string;
  node_count: number;
  state?: NodeState | null;
  addresses?: string | null;
}

/** Counts and addresses; one query for a whole page. */
export async function listMembers(query: Query, clusterIds: string[]): Promise<Map<string, ClusterMembers>> {
  if (clusterIds.length === 0) return new Map();
  const rows = query('node_groups as members')
    .leftJoin('nodes', 'nodes.node_group_id', 'members.uuid')
    .whereIn('members.cluster_id', clusterIds)
    .orderBy(['members.id', 'nodes.id']);
  return byCluster(
    await rows.select(query.raw('members.cluster_id, members.uuid, members.role, node_count, state, addresses')),
  );
}

function byCluster(rows: MemberRow[]): Map<string, ClusterMembers> {
  const members = new Map<string, ClusterMembers>();
  const counted = new Set<string>();
  for (const row of rows) {
    const cluster = members.get(row.cluster_id) ?? none();
    members.set(row.cluster_id, cluster);
    const isMaster = row.role === MASTER_ROLE;
    if (!counted.has(row.uuid)) cluster[isMaster ? 'masterCount' : 'nodeCount'] += Number(row.node_count);
    counted.add(row.uuid);
    const address = row.state === 'wanted' ? shownAddress(JSON.parse(row.addresses ?? '{}')) : undefined;
    if (address !== undefined) cluster[isMaster ? 'masterAddresses' : 'nodeAddresses'].push(address);
  }
  return members;
}

export function shownAddress(addresses: NodeAddresses): string | undefined {
  return addresses.public ?? addresses.private;
}

/** Labels of templates by uuid; one query for a whole page. */
export async function listTemplateLabels(
  query: Query,
  templateIds: string[],
): Promise<Map<string, Record<string, string>>> {
  if (templateIds.length === 0) return new Map();
  const rows = await query('cluster_templates').whereIn('uuid', templateIds).select('uuid', 'labels');
  return new Map(rows.map((row: { uuid: string; labels: string }) => [row.uuid, JSON.parse(row.labels)]));
}
