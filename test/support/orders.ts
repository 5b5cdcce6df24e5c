import type { Cluster, ClusterStatus } from '../../common/db/clusters.js';
import { clusters } from '../../common/db/clusters.js';
import type { Database } from '../../common/db/database.js';
import { DEFAULT_WORKER_GROUP, nodeGroups } from '../../common/db/node-groups.js';
import { type Node, nodes } from '../../common/db/nodes.js';
import { operations } from '../../common/db/operations.js';
import type { Ids } from '../../common/ids.js';
import type { ApiClient } from './api-fixture.js';

/** What a member of a project orders; each builder takes what the test is about. */
export function templateOf(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    name: 'swarm',
    coe: 'swarm-mode',
    image_id: 'debian-12',
    flavor_id: 'm1.small',
    master_flavor_id: 'm1.small',
    external_network_id: 'public',
    keypair_id: 'demo',
    ...changes,
  };
}

/** @returns its uuid */
export async function makeTemplate(client: ApiClient, changes: Record<string, unknown> = {}): Promise<string> {
  const answer = await client.post('/v1/clustertemplates', templateOf(changes));
  if (answer.status !== 201) throw new Error(`No template: ${JSON.stringify(answer.body)}`);
  return answer.body.uuid;
}

/** A cluster that has just been accepted, with a template of its own unless one is named. */
export async function makeCluster(client: ApiClient, changes: Record<string, unknown> = {}): Promise<string> {
  const template = changes.cluster_template_id ?? (await makeTemplate(client));
  const order = { name: 'web', node_count: 2, ...changes, cluster_template_id: template };
  const answer = await client.post('/v1/clusters', order);
  if (answer.status !== 202) throw new Error(`No cluster: ${JSON.stringify(answer.body)}`);
  return answer.body.uuid;
}

/** Does what a conductor would at the end: closes the open operation and shows `status`. */
export async function settle(db: Database, uuid: string, status: ClusterStatus, changes: Partial<Cluster> = {}) {
  await db.transaction('test-settle', async (trx) => {
    const ended = { status: 'succeeded' as const, openKey: undefined, dueAt: undefined, finishedAt: 1 };
    await operations.update(trx, { openKey: uuid }, ended);
    await nodeGroups.update(trx, { clusterId: uuid }, { status });
    await clusters.update(trx, { uuid }, { ...changes, status });
  });
}

/** Adds the rows of running workers. */
export async function addWorkers(db: Database, ids: Ids, clusterId: string, serverIds: string[]): Promise<void> {
  await db.transaction('test-nodes', async (trx) => {
    const group = await nodeGroups.find(trx, { clusterId, name: DEFAULT_WORKER_GROUP });
    if (group === undefined) throw new Error('The cluster has no workers');
    const rows = serverIds.map(
      (serverId, ordinal): Omit<Node, 'id'> => ({
        uuid: ids.uuid(),
        clusterId,
        projectId: group.projectId,
        nodeGroupId: group.uuid,
        name: `web-worker-${ordinal}`,
        role: 'worker',
        ordinal,
        state: 'wanted',
        nodeData: {},
        certificateProfiles: {},
        ticketExpiresAt: undefined,
        enrolledKey: undefined,
        enrolledAt: undefined,
        sshHostKey: undefined,
        serverId,
        addresses: { private: `10.0.0.${ordinal + 10}` },
        steps: [{ name: 'docker-install', status: 'failed', logTail: 'no space left on device', at: 5000 }],
        ready: true,
        load: {},
        orchestrator: {},
        fault: undefined,
        lastSeen: 10_000,
        reportedAt: undefined,
        createdAt: 0,
        updatedAt: undefined,
      }),
    );
    await nodes.insertAll(trx, rows);
  });
}
