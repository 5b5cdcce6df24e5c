import { type CloudResource, cloudResources, TOMBSTONE_CHECKS_MS } from '../common/db/cloud-resources.js';
import type { Work } from './work.js';

/**
 * What a cluster has in the cloud. A name is written here before the thing is made, and stays as a
 * tombstone after it is gone: a call that was under way when its caller died may still make it.
 */
export interface ResourceName {
  service: 'identity' | 'compute' | 'orchestration' | 'object-store';
  type: 'user' | 'trust' | 'keypair' | 'stack' | 'container' | 'application_credential';
  name: string;
}

/** Writes down that `resource` may exist from now on. Safe to repeat; a tombstone comes to life again. */
export async function intend(
  work: Work,
  resource: ResourceName,
  details: Record<string, string> = {},
): Promise<CloudResource> {
  return work.fenced('intend resource', async (trx) => {
    const key = { clusterId: work.cluster.uuid, ...resource };
    const known = await cloudResources.find(trx, key);
    if (known !== undefined && known.state !== 'gone') return known;
    if (known !== undefined) {
      await cloudResources.update(trx, key, {
        state: 'intended',
        cloudId: undefined,
        checkAt: undefined,
        updatedAt: work.now(),
      });
    } else {
      await cloudResources.insert(trx, {
        ...key,
        uuid: work.deps.ids.uuid(),
        projectId: work.cluster.projectId,
        state: 'intended',
        details,
        createdAt: work.now(),
      });
    }
    return { ...(await cloudResources.find(trx, key)) } as CloudResource;
  });
}

export async function markPresent(work: Work, resource: ResourceName, cloudId: string): Promise<void> {
  await work.fenced('mark resource present', (trx) =>
    cloudResources.update(
      trx,
      { clusterId: work.cluster.uuid, ...resource },
      { state: 'present', cloudId, updatedAt: work.now() },
    ),
  );
}

/** Only after a look at the cloud agreed. */
export async function markGone(work: Work, resource: ResourceName): Promise<void> {
  await work.fenced('mark resource gone', (trx) =>
    cloudResources.update(
      trx,
      { clusterId: work.cluster.uuid, ...resource },
      { state: 'gone', checkAt: work.now() + TOMBSTONE_CHECKS_MS[0], updatedAt: work.now() },
    ),
  );
}

export async function listInventory(work: Work): Promise<CloudResource[]> {
  return work.deps.db.read('inventory', (query) => cloudResources.list(query, { clusterId: work.cluster.uuid }));
}

export function stackResource(name: string): ResourceName {
  return { service: 'orchestration', type: 'stack', name };
}
