import type { Clock } from '../common/clock.js';
import { type Cluster, clusters } from '../common/db/clusters.js';
import type { Database } from '../common/db/database.js';
import { type Node, nodes } from '../common/db/nodes.js';
import type { NodeReport } from '../drivers/driver.js';
import type { DriverRegistry } from '../drivers/registry.js';

/** Heartbeats that may be missed before a node counts as silent. */
const MISSED_BEATS = 3;

type Member = Pick<Node, 'clusterId' | 'name' | 'role' | 'ready' | 'lastSeen' | 'orchestrator'>;
const MEMBER_COLUMNS = ['cluster_id', 'name', 'role', 'ready', 'last_seen', 'orchestrator'];

export function reportsOf(members: readonly Member[], now: number, heartbeatMs: number): NodeReport[] {
  return members.map(({ name, role, ready, lastSeen, orchestrator }) => ({
    name,
    role,
    ready,
    silent: isSilent({ lastSeen }, now, heartbeatMs),
    orchestrator,
  }));
}

export function isSilent({ lastSeen }: Pick<Node, 'lastSeen'>, now: number, heartbeatMs: number): boolean {
  return lastSeen === undefined || now - lastSeen > MISSED_BEATS * heartbeatMs;
}

export interface HealthDeps {
  db: Database;
  clock: Clock;
  drivers: DriverRegistry;
  heartbeatMs: number;
}

const PAGE = 200;
/** Statuses in which nodes are expected to report. */
const OBSERVED: Cluster['status'][] = [
  'CREATE_COMPLETE',
  'UPDATE_COMPLETE',
  'UPDATE_IN_PROGRESS',
  'UPDATE_FAILED',
  'ROLLBACK_COMPLETE',
  'ROLLBACK_IN_PROGRESS',
  'ROLLBACK_FAILED',
];

/**
 * Goes through the clusters, a page at a time, and writes the health of those where it changed.
 * Nothing is asked of the cloud: the nodes have reported.
 */
export async function refreshHealth(deps: HealthDeps): Promise<number> {
  let changed = 0;
  let after = 0;
  for (;;) {
    const page = await deps.db.read('clusters to observe', async (query) =>
      clusters.fromRows(
        await clusters.rows(query).whereIn('status', OBSERVED).where('id', '>', after).orderBy('id').limit(PAGE),
      ),
    );
    if (page.length === 0) return changed;
    after = page.at(-1)?.id ?? after;
    changed += await refreshPage(deps, page);
  }
}

async function refreshPage(deps: HealthDeps, page: Cluster[]): Promise<number> {
  const ids = page.map(({ uuid }) => uuid);
  const members = await deps.db.read('nodes to observe', async (query) =>
    nodes.fromRows(
      await nodes
        .rows(query)
        .whereIn('cluster_id', ids)
        .where({ state: 'wanted' })
        .orderBy('id')
        .select(MEMBER_COLUMNS),
    ),
  );
  const byCluster = new Map<string, Member[]>(ids.map((id) => [id, []]));
  for (const member of members) byCluster.get(member.clusterId)?.push(member);
  let changed = 0;
  for (const cluster of page) {
    const driver = deps.drivers.find(cluster.driver);
    if (driver === undefined) continue;
    const reports = reportsOf(byCluster.get(cluster.uuid) ?? [], deps.clock.now(), deps.heartbeatMs);
    const { status, reason } = driver.health(reports);
    const same =
      status === cluster.healthStatus && JSON.stringify(reason) === JSON.stringify(cluster.healthStatusReason);
    if (same) continue;
    await deps.db.transaction('write health', (trx) =>
      clusters.update(trx, { uuid: cluster.uuid }, { healthStatus: status, healthStatusReason: reason }),
    );
    changed++;
  }
  return changed;
}
