import { type CloudResource, cloudResources, TOMBSTONE_CHECKS_MS } from '../common/db/cloud-resources.js';
import type { Query } from '../common/db/database.js';
import { appendEvent } from '../common/db/events.js';
import { findOpenOperation, operations } from '../common/db/operations.js';
import { errorText } from '../common/errors.js';
import type { Log } from '../common/log.js';
import { deleteUser, findUserByName } from '../openstack/identity/users.js';
import { deleteStack, findStack } from '../openstack/orchestration/stacks.js';
import type { WorkDeps } from './work.js';

const BATCH = 50;
const RETRY_MS = 3_600_000;
/** What can't be looked at for this long after it was gone is told to the cluster's users, and left. */
const GIVE_UP_MS = 7 * 86_400_000;

/**
 * Looks for what was deleted once more, an hour and a day later: a call that was under way when its
 * caller died may have made it again after everyone had looked. One that can't be looked at holds up no other.
 */
export async function checkTombstones(deps: WorkDeps, log: Log): Promise<number> {
  const due = await deps.db.read('tombstones', (query) => listDue(query, deps.clock.now()));
  for (const seen of due) {
    const tombstone = await claim(deps, seen);
    if (tombstone === undefined) continue;
    const { name, type } = tombstone;
    try {
      const outcome = await removeAgain(deps, tombstone);
      if (outcome === 'removed') log.warn({ name, type }, 'A late call had made it again; removed');
      await noteCheck(deps, tombstone, outcome);
    } catch (error) {
      log.warn({ name, type, error: errorText(error) }, 'Tombstone not checked; again in an hour');
      // Planned so late it had failed before: one failure after a long standstill of Bayou is no reason to give up.
      if ((seen.checkAt ?? 0) - goneSince(seen) >= GIVE_UP_MS) await giveUp(deps, tombstone);
    }
  }
  return due.length;
}

/** Those of clusters at work come later: an operation may bring them to life. */
async function listDue(query: Query, now: number): Promise<CloudResource[]> {
  const rows = cloudResources.rows(query).where({ state: 'gone' }).where('check_at', '<=', now);
  const atWork = operations.rows(query).whereNotNull('open_key').select('open_key');
  return cloudResources.fromRows(await rows.whereNotIn('cluster_id', atWork).orderBy('check_at').limit(BATCH));
}

function goneSince({ updatedAt, createdAt }: CloudResource): number {
  return updatedAt ?? createdAt;
}

/** Puts its next check off, also for the case that this one fails. Undefined: another conductor has it, or it lives. */
async function claim(deps: WorkDeps, seen: CloudResource): Promise<CloudResource | undefined> {
  const checkAt = deps.clock.now() + RETRY_MS;
  const taken = await deps.db.transaction('claim tombstone', (trx) =>
    cloudResources.update(trx, asSeen(seen), { checkAt }),
  );
  return taken === 1 ? { ...seen, checkAt } : undefined;
}

/** Whoever brings it to life, ends it again or claims it changes one of these. */
function asSeen({ uuid, checkAt }: CloudResource): Partial<CloudResource> {
  return { uuid, state: 'gone', checkAt };
}

/**
 * Asked between finding and removing: what was found is older than this answer, so it is no operation's. One
 * that begins later sees the stack go and makes it anew.
 */
function isStillGone(deps: WorkDeps, tombstone: CloudResource): Promise<boolean> {
  return deps.db.read('tombstone', async (query) => {
    if ((await findOpenOperation(query, tombstone.clusterId)) !== undefined) return false;
    return (await cloudResources.find(query, asSeen(tombstone))) !== undefined;
  });
}

/** `later`: it was there, and may be an operation's. */
type Outcome = 'absent' | 'removed' | 'later';

async function removeAgain(deps: WorkDeps, tombstone: CloudResource): Promise<Outcome> {
  const { type, name, projectId } = tombstone;
  const ctx = { timeoutMs: deps.settings.callTimeoutMs };
  const { service, domainAdmin } = deps.accounts;
  if (type === 'user') {
    const domainId = await deps.accounts.domainId(ctx);
    const user = await findUserByName(domainAdmin, ctx, { domainId, name });
    if (user === undefined) return 'absent';
    if (!(await isStillGone(deps, tombstone))) return 'later';
    await deleteUser(domainAdmin, ctx, user.id);
    return 'removed';
  }
  // Keypairs, trusts, application credentials and containers: with their user went the only one who could make them again.
  if (type !== 'stack') return 'absent';
  const stack = await findStack(service, ctx, { name, projectId });
  if (stack === undefined || stack.action === 'DELETE') return 'absent';
  if (!(await isStillGone(deps, tombstone))) return 'later';
  await deleteStack(service, ctx, { name, id: stack.id, projectId });
  return 'removed';
}

/** Removed: look again in an hour. Otherwise the next check of the list; after the last the row goes with its cluster. */
async function noteCheck(deps: WorkDeps, tombstone: CloudResource, outcome: Outcome): Promise<void> {
  if (outcome === 'later') return;
  const now = deps.clock.now();
  const [first, last] = TOMBSTONE_CHECKS_MS;
  const since = goneSince(tombstone);
  await deps.db.transaction('note tombstone', async (trx) => {
    if (outcome === 'removed') {
      await cloudResources.update(trx, asSeen(tombstone), { checkAt: now + first, updatedAt: now });
      const what = 'had come back by a late call and was removed again';
      await tell(deps, trx, tombstone, { kind: 'late_resource_removed', what });
    } else if (now - since >= last) await cloudResources.delete(trx, asSeen(tombstone));
    else await cloudResources.update(trx, asSeen(tombstone), { checkAt: since + last, updatedAt: since });
  });
}

async function giveUp(deps: WorkDeps, tombstone: CloudResource): Promise<void> {
  await deps.db.transaction('give tombstone up', async (trx) => {
    if ((await cloudResources.delete(trx, asSeen(tombstone))) === 0) return;
    const days = GIVE_UP_MS / 86_400_000;
    const what = `was deleted, but for ${days} days nobody could verify that no late call made it again: look for it`;
    await tell(deps, trx, tombstone, { kind: 'tombstone_given_up', what });
  });
}

async function tell(
  deps: WorkDeps,
  trx: Query,
  { clusterId, projectId, type, name }: CloudResource,
  { kind, what }: { kind: string; what: string },
): Promise<void> {
  await appendEvent(trx, {
    uuid: deps.ids.uuid(),
    clusterId,
    projectId,
    actor: 'bayou',
    kind,
    message: `${type} ${name} ${what}`,
    createdAt: deps.clock.now(),
  });
}
