import type { Cluster } from '../../common/db/clusters.js';
import type { Query } from '../../common/db/database.js';
import type { Diagnostic, NodeFinding } from '../../common/db/diagnostics.js';
import { type Event, events } from '../../common/db/events.js';
import { nodes } from '../../common/db/nodes.js';
import { operations } from '../../common/db/operations.js';
import { packageVersion } from '../../common/package-root.js';
import type { BundleFile } from './bundle.js';
import type { DiagnosticDeps } from './claim.js';

const MAX_EVENTS = 500;
const MAX_OPERATIONS = 20;

/** What Bayou itself knows: the cluster, its last operations, the nodes in question, and what has happened. */
export async function summaryFiles(
  { db }: DiagnosticDeps,
  cluster: Cluster,
  diagnostic: Diagnostic,
): Promise<BundleFile[]> {
  return db.read('diagnostic summary', async (query) => [
    { name: 'summary.json', text: `${JSON.stringify(await summaryOf(query, cluster, diagnostic), null, 2)}\n` },
    { name: 'events.log', text: (await lastEvents(query, cluster.uuid)).map(eventLine).join('') },
  ]);
}

async function summaryOf(query: Query, cluster: Cluster, diagnostic: Diagnostic) {
  const { cause, createdAt, findings, uuid } = diagnostic;
  return {
    diagnostic: uuid,
    cause,
    bayou: packageVersion(),
    asked_at: timeOf(createdAt),
    cluster: {
      uuid: cluster.uuid,
      name: cluster.name,
      driver: cluster.driver,
      coe_version: cluster.coeVersion ?? null,
      status: cluster.status,
      status_reason: cluster.statusReason ?? null,
      health_status: cluster.healthStatus ?? null,
      labels: cluster.labels,
    },
    operations: await lastOperations(query, cluster.uuid),
    nodes: await Promise.all(findings.map((finding) => nodeSummary(query, finding))),
  };
}

async function lastOperations(query: Query, clusterId: string): Promise<object[]> {
  const rows = await operations
    .rows(query)
    .where({ cluster_id: clusterId })
    .orderBy('id', 'desc')
    .limit(MAX_OPERATIONS);
  return operations.fromRows(rows).map(({ uuid, kind, status, phase, reason, createdAt, finishedAt }) => ({
    uuid,
    kind,
    status,
    phase: phase ?? null,
    reason: reason ?? null,
    created_at: timeOf(createdAt),
    finished_at: timeOf(finishedAt),
  }));
}

async function nodeSummary(query: Query, { name, nodeId, step, source, problems }: NodeFinding): Promise<object> {
  const node = await nodes.find(query, { uuid: nodeId });
  return {
    name,
    role: node?.role ?? null,
    failed_step: step ?? null,
    fault: node?.fault?.message ?? null,
    ready: node?.ready ?? null,
    server_id: node?.serverId ?? null,
    addresses: node?.addresses ?? null,
    steps: node?.steps.map(({ name: each, status, at }) => ({ name: each, status, at: timeOf(at) })) ?? null,
    enrolled_at: timeOf(node?.enrolledAt),
    last_seen: timeOf(node?.lastSeen),
    collected_by: source ?? null,
    problems,
  };
}

async function lastEvents(query: Query, clusterId: string): Promise<Event[]> {
  const rows = await events.rows(query).where({ cluster_id: clusterId }).orderBy('id', 'desc').limit(MAX_EVENTS);
  return events.fromRows(rows).reverse();
}

function eventLine({ createdAt, actor, kind, message }: Event): string {
  return `${timeOf(createdAt)} ${actor} ${kind}: ${message.replace(/\s+/g, ' ')}\n`;
}

function timeOf(epochMs: number | undefined): string | null {
  return epochMs === undefined ? null : new Date(epochMs).toISOString();
}
