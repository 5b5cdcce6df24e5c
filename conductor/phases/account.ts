import { clusters } from '../../common/db/clusters.js';
import { secrets } from '../../common/db/secrets.js';
import { findKeypair, importKeypair } from '../../openstack/compute/keypairs.js';
import { isConflict } from '../../openstack/errors.js';
import { grantRole } from '../../openstack/identity/roles.js';
import { createUser, findUserByName, type User } from '../../openstack/identity/users.js';
import { ACCOUNT_PASSWORD, accountName } from '../accounts.js';
import { intend, markPresent, type ResourceName } from '../inventory.js';
import { done, type Phase } from '../phase.js';
import type { Work } from '../work.js';

const PASSWORD_BYTES = 32;

/**
 * The cluster's own account: a user of the trustee domain with the roles of its creator on the project.
 * No operation depends on the caller's token afterwards, nor on the caller.
 */
export const account: Phase = {
  name: 'account',
  async run(work) {
    const password = await ensurePassword(work);
    const user = await ensureUser(work, password);
    for (const roleId of work.cluster.accountRoles) {
      await grantRole(work.deps.accounts.service, work.ctx, {
        projectId: work.cluster.projectId,
        userId: user.id,
        roleId,
      });
    }
    await ensureKeypair(work);
    return done;
  },
};

async function ensurePassword(work: Work): Promise<string> {
  const { sealer, ids } = work.deps;
  const purpose = `${work.cluster.uuid}/${ACCOUNT_PASSWORD}`;
  const sealed = await work.fenced('account password', async (trx) => {
    const key = { owner: work.cluster.uuid, name: ACCOUNT_PASSWORD };
    const known = await secrets.find(trx, key);
    if (known?.sealed !== undefined) return known.sealed;
    const fresh = sealer.seal(purpose, ids.secret(PASSWORD_BYTES));
    await secrets.insert(trx, { ...key, sealed: fresh, readableBy: [], writableBy: [], createdAt: work.now() });
    return fresh;
  });
  return sealer.open(purpose, sealed);
}

export function accountResource(work: Work): ResourceName {
  return { service: 'identity', type: 'user', name: accountName(work.cluster) };
}

async function ensureUser(work: Work, password: string): Promise<User> {
  const { accounts } = work.deps;
  const resource = accountResource(work);
  await intend(work, resource);
  const domainId = await accounts.domainId(work.ctx);
  const find = () => findUserByName(accounts.domainAdmin, work.ctx, { domainId, name: resource.name });
  const user = (await find()) ?? (await makeUser(work, domainId, resource.name, password, find));
  await markPresent(work, resource, user.id);
  await work.fenced('account user', (trx) =>
    clusters.update(trx, { uuid: work.cluster.uuid }, { accountUserId: user.id }),
  );
  return user;
}

async function makeUser(
  work: Work,
  domainId: string,
  name: string,
  password: string,
  find: () => Promise<User | undefined>,
): Promise<User> {
  work.deps.accounts.forget(work.cluster.uuid);
  const description = `Account of container cluster ${work.cluster.uuid}, made by Bayou`;
  try {
    return await createUser(work.deps.accounts.domainAdmin, work.ctx, { domainId, name, password, description });
  } catch (error) {
    const made = isConflict(error) ? await find() : undefined;
    if (made === undefined) throw error;
    return made;
  }
}

export function keypairResource(work: Work): ResourceName {
  return { service: 'compute', type: 'keypair', name: work.namePrefix };
}

/** Keypairs belong to users: the account can't see its creator's, so the public key is imported. */
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
