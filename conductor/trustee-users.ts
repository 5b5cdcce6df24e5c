import { isConflict } from '../openstack/errors.js';
import { createUser, deleteUser, findUserByName, type User } from '../openstack/identity/users.js';
import { intend, markGone, type ResourceName } from './inventory.js';
import type { Work } from './work.js';

/**
 * A user of the trustee domain, in the inventory before it is made. `isNew`: it has this password; one that an earlier
 * call whose answer was lost has made is found by its name, and may have another.
 */
export async function ensureTrusteeUser(
  work: Work,
  resource: ResourceName,
  { password, description }: { password: string; description: string },
): Promise<{ user: User; isNew: boolean }> {
  const { domainAdmin } = work.deps.accounts;
  await intend(work, resource);
  const named = { domainId: await work.deps.accounts.domainId(work.ctx), name: resource.name };
  const known = await findUserByName(domainAdmin, work.ctx, named);
  if (known !== undefined) return { user: known, isNew: false };
  try {
    return { user: await createUser(domainAdmin, work.ctx, { ...named, password, description }), isNew: true };
  } catch (error) {
    const made = isConflict(error) ? await findUserByName(domainAdmin, work.ctx, named) : undefined;
    if (made === undefined) throw error;
    return { user: made, isNew: false };
  }
}

/** Brings the user to nothing, and its name to a tombstone. */
export async function removeTrusteeUser(work: Work, resource: ResourceName): Promise<void> {
  const { accounts } = work.deps;
  const domainId = await accounts.domainId(work.ctx);
  const user = await findUserByName(accounts.domainAdmin, work.ctx, { domainId, name: resource.name });
  if (user !== undefined) await deleteUser(accounts.domainAdmin, work.ctx, user.id);
  await markGone(work, resource);
}
