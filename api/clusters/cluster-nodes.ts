import { z } from 'zod';
import type { Cluster } from '../../common/db/clusters.js';
import { nodeGroups } from '../../common/db/node-groups.js';
import { type Node, nodes } from '../../common/db/nodes.js';
import { everything } from '../../common/db/scope.js';
import { reasonSentence } from '../../common/reasons.js';
import { pageAnswer, timeText, uuidText } from '../answers.js';
import type { Api } from '../deps.js';
import { listOfCluster, type PageQuery, pageBody, pageOf, pageQuery } from '../paging.js';
import { type ApiRequest, type ApiResponse, route } from '../route.js';
import { isoTime } from '../view-values.js';
import { loadCluster } from './find-cluster.js';

const textOrNull = z.string().nullable();
const timeOrNull = timeText.nullable();
const percent = z.number().nullable();

const nodeAnswer = z.strictObject({
  uuid: uuidText,
  name: z.string(),
  role: z.string(),
  nodegroup: textOrNull,
  ordinal: z.int(),
  state: z.string(),
  ready: z.boolean(),
  server_id: textOrNull,
  addresses: z.strictObject({ private: textOrNull, public: textOrNull }),
  steps: z.array(z.strictObject({ name: z.string(), status: z.string(), log_tail: textOrNull, at: timeOrNull })),
  fault: textOrNull,
  load: z.strictObject({ cpu_percent: percent, memory_percent: percent, disk_percent: percent }),
  orchestrator: z.record(z.string(), z.string()),
  enrolled_at: timeOrNull,
  last_seen: timeOrNull,
  created_at: timeText,
  updated_at: timeOrNull,
});

function nodeView(node: Node, group: string | undefined) {
  const { cpuPercent, memoryPercent, diskPercent } = node.load;
  return {
    uuid: node.uuid,
    name: node.name,
    role: node.role,
    nodegroup: group ?? null,
    ordinal: node.ordinal,
    state: node.state,
    ready: node.ready,
    server_id: node.serverId ?? null,
    addresses: { private: node.addresses.private ?? null, public: node.addresses.public ?? null },
    steps: node.steps.map(({ name, status, logTail, at }) => ({
      name,
      status,
      log_tail: logTail ?? null,
      at: isoTime(at),
    })),
    fault: node.fault === undefined ? null : reasonSentence(node.fault),
    load: { cpu_percent: cpuPercent ?? null, memory_percent: memoryPercent ?? null, disk_percent: diskPercent ?? null },
    orchestrator: node.orchestrator,
    enrolled_at: isoTime(node.enrolledAt),
    last_seen: isoTime(node.lastSeen),
    created_at: isoTime(node.createdAt),
    updated_at: isoTime(node.updatedAt),
  };
}

async function list(api: Api, request: ApiRequest<PageQuery, undefined>, cluster: Cluster): Promise<ApiResponse> {
  const page = pageOf(request.query, api.config.api.maxLimit);
  const { rows, groups } = await api.db.read('node-list', async (query) => ({
    rows: await listOfCluster(nodes, everything, query, cluster.uuid, page),
    groups: await nodeGroups.list(query, { clusterId: cluster.uuid }),
  }));
  const names = new Map(groups.map(({ uuid, name }) => [uuid, name]));
  const view = (node: Node) => nodeView(node, names.get(node.nodeGroupId));
  const path = `${request.baseUrl}/v1/clusters/${cluster.uuid}/nodes`;
  return { status: 200, body: pageBody('nodes', rows, view, page, path) };
}

export const nodeRoutes = [
  route({
    method: 'GET',
    path: '/v1/clusters/{cluster}/nodes',
    policy: 'cluster:get',
    allProjects: 'cluster:get_one_all_projects',
    load: loadCluster,
    query: pageQuery(['uuid', 'name', 'role', 'ordinal', 'state', 'ready', 'last_seen', 'created_at', 'updated_at']),
    answers: { 200: pageAnswer('nodes', nodeAnswer) },
    handler: list,
  }),
];
