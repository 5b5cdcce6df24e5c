import type { ClusterTemplate } from '../../../common/db/cluster-templates.js';
import type { Cluster } from '../../../common/db/clusters.js';
import { clusters, newCluster as unobserved } from '../../../common/db/clusters.js';
import type { Database } from '../../../common/db/database.js';
import { type NewOperation, openOperation } from '../../../common/db/operations.js';
import { FakeIds } from '../../support/fake-ids.js';

/** Builders of rows. Ids are fresh, so tests that share a database do not meet. */

const ids = new FakeIds(7);

export function uuid(): string {
  return ids.uuid();
}

export const NOW = Date.UTC(2030, 0, 1);

export function newCluster(changes: Partial<Cluster> = {}): Omit<Cluster, 'id'> {
  return {
    ...unobserved,
    uuid: uuid(),
    projectId: 'project',
    userId: 'user',
    name: 'web',
    clusterTemplateId: 'template',
    coe: 'swarm-mode',
    driver: 'swarm',
    keypair: undefined,
    sshPublicKey: undefined,
    dockerVolumeSize: undefined,
    labels: {},
    settledLabels: undefined,
    flavorId: undefined,
    masterFlavorId: undefined,
    fixedNetwork: undefined,
    fixedSubnet: undefined,
    floatingIpEnabled: true,
    masterLbEnabled: false,
    createTimeout: undefined,
    discoveryUrl: undefined,
    accountKind: 'user',
    accountRoles: [],
    accountUserId: undefined,
    trustId: undefined,
    caRotation: undefined,
    status: 'CREATE_IN_PROGRESS',
    createdAt: NOW,
    ...changes,
  };
}

export function newOperation(clusterId: string, changes: Partial<NewOperation> = {}): NewOperation {
  return {
    uuid: uuid(),
    clusterId,
    projectId: 'project',
    userId: 'user',
    requestId: undefined,
    kind: 'create',
    params: {},
    now: NOW,
    deadlineAt: NOW + 3_600_000,
    ...changes,
  };
}

/** A cluster with an open operation that is due at `now`. @returns their ids */
export async function acceptedCluster(db: Database, now = NOW): Promise<{ clusterId: string; operationId: string }> {
  const cluster = newCluster();
  const operation = newOperation(cluster.uuid, { now });
  await db.transaction('accept', async (trx) => {
    await clusters.insert(trx, cluster);
    await openOperation(trx, operation);
  });
  return { clusterId: cluster.uuid, operationId: operation.uuid };
}

export async function failureOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error('The call was expected to fail.');
}

export function newTemplate(changes: Partial<ClusterTemplate> = {}): Omit<ClusterTemplate, 'id'> {
  return {
    uuid: uuid(),
    projectId: 'project',
    userId: 'user',
    name: 'swarm',
    coe: 'swarm-mode',
    driver: 'swarm',
    imageId: 'debian-12',
    clusterDistro: 'debian',
    serverType: 'vm',
    flavorId: 'm1.small',
    masterFlavorId: 'm1.small',
    keypairId: undefined,
    externalNetworkId: 'public',
    fixedNetwork: undefined,
    fixedSubnet: undefined,
    dnsNameserver: undefined,
    networkDriver: undefined,
    volumeDriver: undefined,
    dockerStorageDriver: undefined,
    dockerVolumeSize: undefined,
    apiserverPort: undefined,
    httpProxy: undefined,
    httpsProxy: undefined,
    noProxy: undefined,
    insecureRegistry: undefined,
    tags: undefined,
    labels: {},
    tlsDisabled: false,
    public: false,
    hidden: false,
    registryEnabled: false,
    masterLbEnabled: false,
    floatingIpEnabled: true,
    createdAt: NOW,
    updatedAt: undefined,
    ...changes,
  };
}
