import { certificates } from '../common/db/certificates.js';
import { type Cluster, clusters } from '../common/db/clusters.js';
import type { Query } from '../common/db/database.js';
import { diagnostics, removeDiagnostics } from '../common/db/diagnostics.js';
import { nodeGroups } from '../common/db/node-groups.js';
import { nodeTasks } from '../common/db/node-tasks.js';
import { nodes } from '../common/db/nodes.js';
import type { OperationKind } from '../common/db/operations.js';
import { secrets } from '../common/db/secrets.js';
import { x509KeyPairs } from '../common/db/x509-key-pairs.js';
import { reportsOf } from './health.js';
import type { OperationDefinition } from './phase.js';
import { account } from './phases/account.js';
import { changePassword, preparePassword } from './phases/account-password.js';
import { addons } from './phases/addons.js';
import { checkUpgrade } from './phases/check-upgrade.js';
import { chooseNodes } from './phases/choose-nodes.js';
import {
  cloudCredential,
  renewCredential,
  retireCredentials,
  revokeCredentials,
  tellCredential,
} from './phases/cloud-credential.js';
import { deleteAccount, deleteInfrastructure, deleteNodeStacks, verifyStacks } from './phases/delete.js';
import { deleteMade, verifyMade } from './phases/delete-made.js';
import { deleteRegistry } from './phases/delete-registry.js';
import { describeNodes } from './phases/describe-nodes.js';
import { image } from './phases/image.js';
import { infrastructure, readInfrastructure, trimInfrastructure } from './phases/infrastructure.js';
import { drainNodes, forgetNodes, removeNodes } from './phases/leaving-nodes.js';
import { loadBalancer } from './phases/load-balancer.js';
import { announceMasters, withdrawMasters } from './phases/master-lists.js';
import { nodeStacks } from './phases/node-stacks.js';
import { nodesReady } from './phases/nodes-ready.js';
import { registry, renewLogin, retireLogins, tellRegistries } from './phases/registry.js';
import { dropPrevious, issueCertificates, serveCertificates, trustNext } from './phases/rotate-ca.js';
import { replaceCredential, replaceLogin } from './phases/rotate-credentials.js';
import { upgradeCanary, upgradeMasters, upgradeWorkers } from './phases/upgrade.js';
import type { Work } from './work.js';

/** Brings a cluster that stands to what is desired of it: all its groups, whichever an order was about. */
const update: OperationDefinition = {
  action: 'UPDATE',
  phases: [
    account,
    image,
    chooseNodes,
    infrastructure,
    registry,
    cloudCredential,
    loadBalancer,
    describeNodes,
    withdrawMasters,
    drainNodes,
    nodeStacks,
    removeNodes,
    forgetNodes,
    trimInfrastructure,
    nodesReady,
    announceMasters,
  ],
  async prepareCompletion(work) {
    const writeValues = await publishedValues(work);
    return async (trx) => {
      await writeValues(trx);
      await removeEmptiedGroups(work, trx);
    };
  },
};

/** What each kind of operation does, in order. The whole life of a cluster is these lists. */
export const operationDefinitions: Record<OperationKind, OperationDefinition> = {
  create: {
    action: 'CREATE',
    phases: [
      account,
      image,
      chooseNodes,
      infrastructure,
      registry,
      cloudCredential,
      loadBalancer,
      describeNodes,
      nodeStacks,
      nodesReady,
      addons,
    ],
    prepareCompletion: publishedValues,
  },
  resize: update,
  create_node_group: update,
  delete_node_group: update,
  rollback: { ...update, action: 'ROLLBACK' },
  upgrade: {
    action: 'UPDATE',
    phases: [checkUpgrade, upgradeMasters, upgradeCanary, upgradeWorkers],
    prepareCompletion: publishedValues,
  },
  rotate_ca: {
    action: 'UPDATE',
    // The first two in one call of its owner, the others in the next.
    phases: [trustNext, issueCertificates, serveCertificates, dropPrevious],
    prepareCompletion: publishedValues,
  },
  rotate_credentials: {
    action: 'UPDATE',
    phases: [
      preparePassword,
      changePassword,
      account,
      replaceLogin,
      tellRegistries,
      retireLogins,
      replaceCredential,
      tellCredential,
      retireCredentials,
    ],
    prepareCompletion: async () => async () => {},
  },
  delete: {
    action: 'DELETE',
    phases: [
      revokeCredentials,
      deleteNodeStacks,
      deleteMade,
      deleteInfrastructure,
      verifyStacks,
      verifyMade,
      deleteRegistry,
      deleteAccount,
    ],
    prepareCompletion: async (work) => (trx) => removeRecords(work, trx),
  },
  renew_credential: {
    action: undefined,
    phases: [renewCredential, tellCredential, retireCredentials],
    prepareCompletion: async () => async () => {},
  },
  renew_registry: {
    action: undefined,
    phases: [renewLogin, tellRegistries, retireLogins],
    prepareCompletion: async () => async () => {},
  },
};

/** What users see of a cluster that is ready. The cloud is read before the transaction begins. */
async function publishedValues(work: Work): Promise<(trx: Query) => Promise<void>> {
  const [spec, seen, all] = await Promise.all([work.spec(), readInfrastructure(work), work.nodes()]);
  const wanted = all.filter(({ state }) => state === 'wanted');
  const health = work.driver.health(reportsOf(wanted, work.now(), work.deps.settings.heartbeatMs));
  const version = wanted.find(({ orchestrator }) => orchestrator.version !== undefined)?.orchestrator.version;
  const values: Partial<Cluster> = {
    apiAddress: work.driver.accessUrl(spec, seen),
    coeVersion: version,
    containerVersion: version,
    healthStatus: health.status,
    healthStatusReason: health.reason,
  };
  return async (trx) => {
    await clusters.update(trx, { uuid: work.cluster.uuid }, values);
  };
}

/** Groups that were to go, by this operation or one whose place it took: their nodes have left. */
async function removeEmptiedGroups(work: Work, trx: Query): Promise<void> {
  const groups = await nodeGroups.list(trx, { clusterId: work.cluster.uuid });
  for (const { uuid, name, status } of groups) {
    if (status?.startsWith('DELETE_') !== true) continue;
    await nodeGroups.delete(trx, { uuid });
    await work.event(trx, 'node_group_removed', `Node group ${name} is gone with all its nodes`);
  }
}

/** Events, operations and the inventory's tombstones stay for a while. */
async function removeRecords(work: Work, trx: Query): Promise<void> {
  const { uuid } = work.cluster;
  await removeDiagnostics(trx, await diagnostics.rows(trx).where({ cluster_id: uuid }).pluck('uuid'));
  await nodeTasks.delete(trx, { clusterId: uuid });
  const members = nodes.rows(trx).where({ cluster_id: uuid }).select('uuid');
  // Those by which nodes prove who they are belong to the service.
  await certificates.rows(trx).whereIn('node_id', members).delete();
  await nodes.delete(trx, { clusterId: uuid });
  await nodeGroups.delete(trx, { clusterId: uuid });
  await secrets.delete(trx, { owner: uuid });
  await certificates.delete(trx, { owner: uuid });
  await x509KeyPairs.delete(trx, { clusterId: uuid });
  await clusters.delete(trx, { uuid });
}
