import { nodes } from '../../common/db/nodes.js';
import { reenrolments } from '../../common/db/reenrolments.js';
import { INVITATION_ITEM, INVITATION_KEY_USE, INVITATION_MS, invitationOf } from '../../common/invitation.js';
import { removeServerItem, setServerItem } from '../../openstack/compute/server-metadata.js';
import { asSeen, contextOf, putOff, type ReenrolmentDeps, type Subject, tell } from './request.js';

/** What can't be taken out of a server's metadata in this time is left there: it is good for nothing. */
const GIVE_UP_MS = 86_400_000;

/** Puts the invitation where only the server itself reads it. Nova may be told the same any number of times. */
export async function invite(deps: ReenrolmentDeps, subject: Subject): Promise<void> {
  const { cluster, request } = subject;
  const { nodeId, allowedAt = 0 } = request;
  const value = invitationOf(deps.sealer.derive(INVITATION_KEY_USE), { nodeId, allowedAt });
  const session = await deps.accounts.of(cluster);
  await setServerItem(session, contextOf(deps), await serverIdOf(deps, subject), { name: INVITATION_ITEM, value });
  await putOff(deps, request, allowedAt + INVITATION_MS);
}

/** It was used, or not in time. */
export async function withdraw(deps: ReenrolmentDeps, subject: Subject): Promise<void> {
  const { node, cluster, request } = subject;
  try {
    const session = await deps.accounts.of(cluster);
    await removeServerItem(session, contextOf(deps), await serverIdOf(deps, subject), INVITATION_ITEM);
  } catch (error) {
    if (deps.clock.now() - (request.allowedAt ?? request.createdAt) < GIVE_UP_MS) throw error;
  }
  await deps.db.transaction('end re-enrolment', async (trx) => {
    if ((await reenrolments.delete(trx, asSeen(request))) === 0 || request.state === 'done') return;
    const what = 'was let enrol again, and has not within an hour';
    await tell(deps, trx, node, { kind: 'reenrolment_unused', what });
  });
}

/** As it was noted when the request was allowed. */
async function serverIdOf(deps: ReenrolmentDeps, { node: { uuid, name } }: Subject): Promise<string> {
  const node = await deps.db.read('server of node', (query) => nodes.find(query, { uuid }));
  if (node?.serverId === undefined) throw new Error(`Nobody knows the server of ${name}`);
  return node.serverId;
}
