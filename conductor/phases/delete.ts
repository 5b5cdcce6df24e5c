import { ACCOUNT_PASSWORD } from '../../common/cluster-account.js';
import { secrets } from '../../common/db/secrets.js';
import { reason } from '../../common/reasons.js';
import { deleteKeypair } from '../../openstack/compute/keypairs.js';
import { isStatus } from '../../openstack/errors.js';
import { deleteTrust } from '../../openstack/identity/trusts.js';
import { deleteStack, listStacks } from '../../openstack/orchestration/stacks.js';
import { markCredentialsGone } from '../credential/credential.js';
import { ensureNoStack } from '../heat/ensure-stack.js';
import type { StackAccess } from '../heat/stack-observer.js';
import { listInventory, markGone } from '../inventory.js';
import { done, type Phase, type PhaseOutcome } from '../phase.js';
import { removeTrusteeUser } from '../trustee-users.js';
import type { Work } from '../work.js';
import { accountResource, keypairResource, trustResource } from './account.js';
import { combine } from './node-stacks.js';

/** Everything but the infrastructure, side by side. */
export const deleteNodeStacks: Phase = {
  name: 'delete_node_stacks',
  run: (work) => deleteStacks(work, (name) => !name.endsWith('-infra')),
};

export const deleteInfrastructure: Phase = {
  name: 'delete_infrastructure',
  run: (work) => deleteStacks(work, () => true),
};

async function deleteStacks(work: Work, chosen: (name: string) => boolean): Promise<PhaseOutcome> {
  const standing = (await listInventory(work)).filter(
    ({ type, state, name }) => type === 'stack' && state !== 'gone' && chosen(name),
  );
  if (standing.length === 0) return done;
  const access = await stackAccess(work);
  return combine(await Promise.all(standing.map(({ name }) => ensureNoStack(work, access, name))));
}

/** Through the account; when it is broken or was never made, the service user looks and deletes in its place. */
export async function stackAccess(work: Work): Promise<StackAccess> {
  if (await hasWorkingAccount(work)) return { session: await work.account() };
  return { session: work.deps.accounts.service, projectId: work.cluster.projectId };
}

export async function hasWorkingAccount(work: Work): Promise<boolean> {
  const password = await work.deps.db.read('account password', (query) =>
    secrets.find(query, { owner: work.cluster.uuid, name: ACCOUNT_PASSWORD }),
  );
  if (password === undefined) return false;
  try {
    await (await work.account()).identity(work.ctx);
    return true;
  } catch (error) {
    if (isStatus(error, 401, 403, 404)) return false;
    throw error;
  }
}

/** A look at the cloud, past the inventory: what carries this cluster's tag is surely its own. */
export const verifyStacks: Phase = {
  name: 'verify',
  async run(work) {
    const access = await stackAccess(work);
    const tags = [`cluster-${work.cluster.uuid}`];
    const found = await listStacks(access.session, work.ctx, { tags, projectId: access.projectId });
    const standing = found.filter(({ action, status }) => action !== 'DELETE' || status !== 'COMPLETE');
    if (standing.length === 0) return done;
    for (const stack of standing) {
      if (stack.action === 'DELETE' && stack.status === 'IN_PROGRESS') continue;
      await deleteStack(access.session, work.ctx, { ...stack, projectId: access.projectId });
    }
    const names = standing.map(({ name }) => name).join(', ');
    return {
      kind: 'wait',
      afterMs: work.deps.settings.pollMs,
      waitingFor: `stacks that carry the cluster's tag: ${names}`,
      onTimeout: reason('delete_unverified', `stacks of the cluster are still in Heat: ${names}`),
    };
  },
};

/** Last, since everything before was done in its name. The keypair first: it would outlive its user in Nova. */
export const deleteAccount: Phase = {
  name: 'delete_account',
  async run(work) {
    const standing = (await listInventory(work)).filter(({ state }) => state !== 'gone');
    const has = (wanted: string) => standing.some(({ type }) => type === wanted);
    if (has('keypair')) await removeKeypair(work);
    if (has('trust')) await endTrust(work);
    if (has('user')) await removeTrusteeUser(work, accountResource(work));
    await markCredentialsGone(work);
    if (has('trust')) await markGone(work, trustResource(work));
    work.deps.accounts.forget(work.cluster.uuid);
    return done;
  },
};

/** Where the account is broken an admin removes it from its owner: the creator, whom a trust acts as, or the account. */
async function removeKeypair(work: Work): Promise<void> {
  const { accountKind, userId, accountUserId } = work.cluster;
  const resource = keypairResource(work);
  const owner = accountKind === 'trust' ? userId : accountUserId;
  if (await hasWorkingAccount(work)) await deleteKeypair(await work.account(), work.ctx, resource.name);
  else if (owner !== undefined) await deleteKeypair(work.deps.accounts.service, work.ctx, resource.name, owner);
  await markGone(work, resource);
}

/** By the trustee, in the trustor's name. Heat's own trusts under it go too, so no stack may stand. Else it ends with the user. */
async function endTrust(work: Work): Promise<void> {
  const { trustId } = work.cluster;
  if (trustId === undefined || !(await hasWorkingAccount(work))) return;
  await deleteTrust(await work.account(), work.ctx, trustId);
  work.deps.accounts.forget(work.cluster.uuid);
}
