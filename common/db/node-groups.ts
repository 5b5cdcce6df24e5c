import type { ClusterStatus } from './clusters.js';
import type { Query } from './database.js';
import { Table } from './table.js';

export interface NodeTaint {
  key: string;
  value?: string;
  effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
}

export interface NodeGroup {
  id: number;
  uuid: string;
  clusterId: string;
  projectId: string;
  name: string;
  /** `master`, `worker`, or a word of the owner's for further groups of workers. */
  role: string;
  isDefault: boolean;
  /** Desired. */
  nodeCount: number;
  minNodeCount: number;
  maxNodeCount: number | undefined;
  /** The next node's ordinal; ordinals are never given twice. */
  nextOrdinal: number;
  flavorId: string | undefined;
  imageId: string | undefined;
  dockerVolumeSize: number | undefined;
  labels: Record<string, string>;
  nodeLabels: Record<string, string>;
  nodeTaints: NodeTaint[];
  status: ClusterStatus | undefined;
  statusReason: string | undefined;
  stackId: string | undefined;
  version: string | undefined;
  createdAt: number;
  updatedAt: number | undefined;
}

export const nodeGroups = new Table<NodeGroup>('node_groups', {
  id: 'number',
  uuid: 'text',
  clusterId: 'text',
  projectId: 'text',
  name: 'text',
  role: 'text',
  isDefault: 'boolean',
  nodeCount: 'number',
  minNodeCount: 'number',
  maxNodeCount: 'number',
  nextOrdinal: 'number',
  flavorId: 'text',
  imageId: 'text',
  dockerVolumeSize: 'number',
  labels: 'json',
  nodeLabels: 'json',
  nodeTaints: 'json',
  status: 'text',
  statusReason: 'text',
  stackId: 'text',
  version: 'text',
  createdAt: 'number',
  updatedAt: 'number',
});

export const DEFAULT_MASTER_GROUP = 'default-master';
export const DEFAULT_WORKER_GROUP = 'default-worker';
export const MASTER_ROLE = 'master';

/** One query for a whole page of clusters. */
export async function listNodeGroupsOf(query: Query, clusterIds: string[]): Promise<NodeGroup[]> {
  if (clusterIds.length === 0) return [];
  return nodeGroups.fromRows(await nodeGroups.rows(query).whereIn('cluster_id', clusterIds).orderBy('id'));
}
