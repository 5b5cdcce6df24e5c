import { type CloudResource, cloudResources, TOMBSTONE_CHECKS_MS } from '../common/db/cloud-resources.js';
import { appendEvent } from '../common/db/events.js';
import type { Log } from '../common/log.js';
import { deleteUser, findUserByName } from '../openstack/identity/users.js';
import { deleteStack, findStack } from '../openstack/orchestration/stacks.js';
import type { WorkDeps } from './work.js';

const BATCH = 50;

/**
 * Looks for what was deleted once more, an hour and a day later: a call that was under way when its
 * caller died may have made it again after everyone had looked.
 */
export async function checkTombstones(deps: WorkDeps, log: Log): Promise<number> {
  const now = deps.clock.now();
  const due = await deps.db.read('tombstones', async (query) =>
    cloudResources.fromRows(
      await cloudResources.rows(query).where({ state: 'gone' }).where('check_at', '<=', now).orderBy('id').limit(BATCH),
    ),
  );
  for (const tombstone of due) {
    const found = await removeAgain(deps, tombstone);
    if (found) log.warn({ name: tombstone.name, type: tombstone.type }, 'A late call had made it again; removed');
    await noteCheck(deps, tombstone, found);
  }
  return due.length;
}

/** Whether it was there. */
async function removeAgain(deps: WorkDeps, { type, name, projectId }: CloudResource): Promise<boolean> {
  const ctx = { timeoutMs: deps.settings.callTimeoutMs };
  const { service, domainAdmin } = deps.accounts;
  if (type === 'user') {
    const domainId = await deps.accounts.domainId(ctx);
    const user = await findUserByName(domainAdmin, ctx, { domainId, name });
    if (user !== undefined) await deleteUser(domainAdmin, ctx, user.id);
    return user !== undefined;
  }
  // Keypairs, trusts and containers: with their user went the only one who could make them again.
  if (type !== 'stack') return false;
  const stack = await findStack(service, ctx, { name, projectId });
  if (stack === undefined || stack.action === 'DELETE') return false;
  await deleteStack(service, ctx, { name, id: stack.id, projectId });
  return true;
}

/** Found: look again in an hour. Otherwise the next check of the list; after the last the row goes with its cluster. */
async function noteCheck(deps: WorkDeps, tombstone: CloudResource, found: boolean): Promise<void> {
  const now = deps.clock.now();
  const [first, last] = TOMBSTONE_CHECKS_MS;
  const since = tombstone.updatedAt ?? tombstone.createdAt;
  const isLast = !found && now - since >= last;
  const checkAt = found ? now + first : since + last;
  await deps.db.transaction('note tombstone', async (trx) => {
    if (isLast) await cloudResources.delete(trx, { uuid: tombstone.uuid, state: 'gone' });
    else {
      const updatedAt = found ? now : since;
      await cloudResources.update(trx, { uuid: tombstone.uuid, state: 'gone' }, { checkAt, updatedAt });
    }
    if (!found) return;
    await appendEvent(trx, {
      uuid: deps.ids.uuid(),
      clusterId: tombstone.clusterId,
      projectId: tombstone.projectId,
      actor: 'bayou',
      kind: 'late_resource_removed',
      message: `${tombstone.type} ${tombstone.name} had come back by a late call and was removed again`,
      createdAt: now,
    });
  });
}
