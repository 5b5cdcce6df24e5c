import type { Query } from './database.js';
import { applyScope, type Scope } from './scope.js';

/** Whatever their status, as upstream. */
export async function countClusters(scope: Scope, query: Query): Promise<number> {
  const row = await applyScope(scope, query('clusters'), 'clusters').count({ n: '*' }).first();
  return Number(row?.n ?? 0);
}

/** Nodes that the clusters' groups should have, masters and workers. */
export async function countNodes(scope: Scope, query: Query): Promise<number> {
  const groups = query('node_groups').join('clusters', 'clusters.uuid', 'node_groups.cluster_id');
  const row = await applyScope(scope, groups, 'clusters').sum({ n: 'node_groups.node_count' }).first();
  return Number(row?.n ?? 0);
}
