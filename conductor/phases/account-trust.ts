import { reason } from '../../common/reasons.js';
import { isStatus } from '../../openstack/errors.js';
import { findTrust } from '../../openstack/identity/trusts.js';
import { done, type PhaseOutcome } from '../phase.js';
import type { Work } from '../work.js';

/**
 * An account of kind `trust`: the API made user and trust with the creator's token, and nobody else can make them
 * again. So it is only tried, by a login of its own: the services take an old token for good a while longer.
 */
export async function tryTrust(work: Work): Promise<PhaseOutcome> {
  const { cluster, deps } = work;
  deps.accounts.forget(cluster.uuid);
  try {
    await (await work.account()).identity(work.ctx);
    return done;
  } catch (error) {
    if (!isStatus(error, 401, 403, 404)) throw error;
  }
  if (await trustStands(work)) {
    const message = `Keystone refuses the trust of user ${cluster.userId}, who made the cluster: the user is disabled, or lacks a role on the project`;
    return { kind: 'blocked', reason: reason('trust_refused', message) };
  }
  const message = `the trust of user ${cluster.userId}, who made the cluster and in whose name it works, is gone: the user left Keystone, or the trust was deleted`;
  return { kind: 'failed', reason: reason('trust_broken', message) };
}

async function trustStands(work: Work): Promise<boolean> {
  const { cluster, deps } = work;
  if (cluster.trustId === undefined) return false;
  try {
    return (await findTrust(await deps.accounts.bare(cluster), work.ctx, cluster.trustId)) !== undefined;
  } catch (error) {
    if (isStatus(error, 401)) return false;
    throw error;
  }
}
