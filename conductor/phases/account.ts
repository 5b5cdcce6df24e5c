import {
  ACCOUNT_PASSWORD,
  ACCOUNT_PASSWORD_BYTES,
  accountDescription,
  accountName,
  passwordPurpose,
} from '../../common/cluster-account.js';
import { clusters } from '../../common/db/clusters.js';
import { secrets } from '../../common/db/secrets.js';
import { findKeypair, importKeypair } from '../../openstack/compute/keypairs.js';
import { grantRole } from '../../openstack/identity/roles.js';
import type { User } from '../../openstack/identity/users.js';
import { intend, markPresent, type ResourceName } from '../inventory.js';
import { done, type Phase, type PhaseOutcome } from '../phase.js';
import { ensureTrusteeUser } from '../trustee-users.js';
import type { Work } from '../work.js';
import { tryTrust } from './account-trust.js';

/**
 * The cluster's own account: a user of the trustee domain with the roles of its creator on the project.
 * No operation depends on the caller's token afterwards, nor on the caller. Of kind `trust` the API made it.
 */
export const account: Phase = {
  name: 'account',
  async run(work) {
    const outcome = work.cluster.accountKind === 'trust' ? await tryTrust(work) : await ensureGrantedUser(work);
    if (outcome.kind === 'done') await ensureKeypair(work);
    return outcome;
  },
};

async function ensureGrantedUser(work: Work): Promise<PhaseOutcome> {
  const password = await ensurePassword(work);
  const user = await ensureUser(work, password);
  const { projectId, accountRoles } = work.cluster;
  for (const roleId of accountRoles) {
    await grantRole(work.deps.accounts.service, work.ctx, { projectId, userId: user.id, roleId });
  }
  return done;
}

async function ensurePassword(work: Work): Promise<string> {
  const { sealer, ids } = work.deps;
  const purpose = passwordPurpose(work.cluster.uuid);
  const sealed = await work.fenced('account password', async (trx) => {
    const key = { owner: work.cluster.uuid, name: ACCOUNT_PASSWORD };
    const known = await secrets.find(trx, key);
    if (known?.sealed !== undefined) return known.sealed;
    const fresh = sealer.seal(purpose, ids.secret(ACCOUNT_PASSWORD_BYTES));
    await secrets.insert(trx, { ...key, sealed: fresh, readableBy: [], writableBy: [], createdAt: work.now() });
    return fresh;
  });
  return sealer.open(purpose, sealed);
}

export function accountResource(work: Work): ResourceName {
  return { service: 'identity', type: 'user', name: accountName(work.cluster) };
}

async function ensureUser(work: Work, password: string): Promise<User> {
  const resource = accountResource(work);
  const description = accountDescription(work.cluster.uuid);
  const { user } = await ensureTrusteeUser(work, resource, { password, description });
  if (user.id !== work.cluster.accountUserId) work.deps.accounts.forget(work.cluster.uuid);
  await markPresent(work, resource, user.id);
  await work.fenced('account user', (trx) =>
    clusters.update(trx, { uuid: work.cluster.uuid }, { accountUserId: user.id }),
  );
  return user;
}

export function trustResource(work: Work): ResourceName {
  return { ...accountResource(work), type: 'trust' };
}

export function keypairResource(work: Work): ResourceName {
  return { service: 'compute', type: 'keypair', name: work.namePrefix };
}

/**
 * Keypairs belong to users: the account can't see its creator's, so the public key is imported. A trust acts as the
 * creator, who finds the cluster's among the own ones.
 */
async function ensureKeypair(work: Work): Promise<void> {
  const { sshPublicKey } = work.cluster;
  if (sshPublicKey === undefined) return;
  const resource = keypairResource(work);
  const session = await work.account();
  await intend(work, resource);
  if ((await findKeypair(session, work.ctx, resource.name)) === undefined) {
    await importKeypair(session, work.ctx, { name: resource.name, publicKey: sshPublicKey });
  }
  await markPresent(work, resource, resource.name);
}
