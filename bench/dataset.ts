import { clusterTemplates } from '../common/db/cluster-templates.js';
import { type Cluster, clusters } from '../common/db/clusters.js';
import { DEFAULT_MASTER_GROUP, DEFAULT_WORKER_GROUP, type NodeGroup, nodeGroups } from '../common/db/node-groups.js';
import { type Node, nodes } from '../common/db/nodes.js';
import type { Table } from '../common/db/table.js';
import { systemIds } from '../common/ids.js';
import { DriverRegistry } from '../drivers/registry.js';
import { newCluster, newTemplate } from '../test/contract/database/rows.js';
import type { BenchDatabase } from './site.js';

export interface FleetOrder {
  clusters: number;
  /** One master and the rest workers. */
  nodesPerCluster: number;
  projectId: string;
  userId: string;
}

const ROWS_AT_ONCE = 500;
const LABELS = { availability_zone: 'nova', docker_volume_type: 'ssd', registry_mirror: 'mirror.example' };

/** Clusters that have been running for a while, with their groups and nodes, all of one template. @returns their uuids */
export async function plantFleet(db: BenchDatabase, order: FleetOrder): Promise<{ clusterIds: string[] }> {
  const now = Date.now();
  const owner = { projectId: order.projectId, userId: order.userId };
  const template = newTemplate({ ...owner, uuid: systemIds.uuid(), labels: { availability_zone: 'nova' } });
  await insert(db, clusterTemplates, [template]);
  const planted = Array.from({ length: order.clusters }, (_, index) =>
    plantedCluster(order, template.uuid, index, now),
  );
  await insert(
    db,
    clusters,
    planted.map(({ cluster }) => cluster),
  );
  await insert(
    db,
    nodeGroups,
    planted.flatMap(({ groups }) => groups),
  );
  await insert(
    db,
    nodes,
    planted.flatMap(({ members }) => members),
  );
  return { clusterIds: planted.map(({ cluster }) => cluster.uuid) };
}

function plantedCluster(order: FleetOrder, templateId: string, index: number, now: number) {
  const cluster = newCluster({
    uuid: systemIds.uuid(),
    projectId: order.projectId,
    userId: order.userId,
    name: `cluster-${index}`,
    clusterTemplateId: templateId,
    keypair: 'demo',
    labels: LABELS,
    flavorId: 'm1.small',
    masterFlavorId: 'm1.small',
    createTimeout: 60,
    status: 'CREATE_COMPLETE',
    statusReason: 'Ready.',
    apiAddress: 'tcp://172.24.4.10:2376',
    coeVersion: '26.1.5',
    containerVersion: '26.1.5',
    stackId: systemIds.uuid(),
    createdAt: now - 3_600_000,
    updatedAt: now - 60_000,
  });
  const workers = order.nodesPerCluster - 1;
  const groups = [
    plantedGroup(cluster, DEFAULT_MASTER_GROUP, 'master', 1),
    plantedGroup(cluster, DEFAULT_WORKER_GROUP, 'worker', workers),
  ];
  const members = groups.flatMap((group) =>
    Array.from({ length: group.nodeCount }, (_, ordinal) => plantedNode(group, ordinal, now)),
  );
  const reports = members.map(({ name, role, ready, orchestrator }) => ({
    name,
    role,
    ready,
    orchestrator,
    silent: false,
  }));
  const health = new DriverRegistry().find('swarm')?.health(reports);
  return {
    cluster: { ...cluster, healthStatus: health?.status, healthStatusReason: health?.reason ?? {} },
    groups,
    members,
  };
}

function plantedGroup(cluster: Omit<Cluster, 'id'>, name: string, role: string, nodeCount: number) {
  const { projectId, labels, flavorId, createdAt } = cluster;
  return {
    uuid: systemIds.uuid(),
    clusterId: cluster.uuid,
    projectId,
    name,
    role,
    isDefault: true,
    nodeCount,
    minNodeCount: role === 'master' ? 1 : 0,
    nextOrdinal: nodeCount,
    flavorId,
    imageId: 'debian-12',
    labels,
    nodeLabels: {},
    nodeTaints: [],
    status: 'CREATE_COMPLETE',
    createdAt,
  } satisfies Partial<NodeGroup>;
}

function plantedNode(group: ReturnType<typeof plantedGroup>, ordinal: number, now: number) {
  const uuid = systemIds.uuid();
  return {
    uuid,
    clusterId: group.clusterId,
    projectId: group.projectId,
    nodeGroupId: group.uuid,
    name: `${group.role}-${ordinal}`,
    role: group.role,
    ordinal,
    state: 'wanted',
    nodeData: { version: 1 },
    certificateProfiles: {},
    enrolledKey: uuid,
    enrolledAt: now - 3_600_000,
    serverId: systemIds.uuid(),
    addresses: { private: `10.0.0.${ordinal + 5}`, public: `172.24.4.${ordinal + 10}` },
    steps: [],
    ready: true,
    load: { cpuPercent: 3, memoryPercent: 20, diskPercent: 10 },
    orchestrator: { state: 'active', version: '26.1.5' },
    lastSeen: now,
    createdAt: group.createdAt,
  } satisfies Partial<Node>;
}

async function insert<T extends object>(db: BenchDatabase, table: Table<T>, objects: Partial<T>[]): Promise<void> {
  const rows = objects.map((object) => table.toRow(object));
  await db.transaction('plant', (trx) => trx.batchInsert(table.name, rows, ROWS_AT_ONCE));
}
