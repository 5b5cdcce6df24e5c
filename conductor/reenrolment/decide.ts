import { NODE_AUTHORITY } from '../../common/authorities.js';
import { lastEnd } from '../../common/db/certificates.js';
import { nodes } from '../../common/db/nodes.js';
import { type Reenrolment, reenrolments } from '../../common/db/reenrolments.js';
import { SERVICE_OWNER } from '../../common/db/secrets.js';
import { INVITATION_MS } from '../../common/invitation.js';
import { invite } from './invitation.js';
import { presentNodeData } from './node-data.js';
import { asSeen, contextOf, type ReenrolmentDeps, type Subject, tell } from './request.js';
import { type Allowing, judge } from './verdict.js';

/** A node that may not is looked at again after this, if it has gone on asking. */
const REFUSED_MS = 600_000;
/** Who has not asked for so long does not wait for an answer. */
const FORGOTTEN_MS = 3_600_000;

/** Asks Nova about the node's server, and writes down what may be. */
export async function decide(deps: ReenrolmentDeps, subject: Subject): Promise<void> {
  const { node, cluster, request } = subject;
  const now = deps.clock.now();
  if (request.askedAt === undefined || now - request.askedAt >= FORGOTTEN_MS) {
    await deps.db.transaction('forget re-enrolment', (trx) => reenrolments.delete(trx, asSeen(request)));
    return;
  }
  const identity = { owner: SERVICE_OWNER, name: NODE_AUTHORITY, nodeId: node.uuid };
  const identityEnd = await deps.db.read('identity of node', (query) => lastEnd(query, identity));
  const verdict = await judge(await deps.accounts.of(cluster), contextOf(deps), { node, identityEnd, now });
  if (!('server' in verdict)) return verdict.kind === 'later' ? undefined : refuse(deps, subject, verdict.why);
  const allowed = await allow(deps, subject, verdict);
  if (allowed?.state === 'invited') await invite(deps, { ...subject, request: allowed });
}

/** Said once, as long as it stays the same. */
async function refuse(deps: ReenrolmentDeps, { node, request }: Subject, why: string): Promise<void> {
  const changes = { checkAt: deps.clock.now() + REFUSED_MS, askedAt: undefined, refusal: why };
  await deps.db.transaction('refuse re-enrolment', async (trx) => {
    if ((await reenrolments.update(trx, asSeen(request), changes)) === 0 || request.refusal === why) return;
    await tell(deps, trx, node, { kind: 'reenrolment_refused', what: `asks to enrol again, and may not: ${why}` });
  });
}

/** The request as it is then; undefined when somebody was quicker. */
async function allow(
  deps: ReenrolmentDeps,
  { node, request }: Subject,
  { kind, server, why }: Allowing,
): Promise<Reenrolment | undefined> {
  const now = deps.clock.now();
  const isInvited = kind === 'invitation';
  const changes = {
    state: isInvited ? ('invited' as const) : ('key' as const),
    allowedAt: now,
    refusal: undefined,
    checkAt: isInvited ? request.checkAt : now + INVITATION_MS,
  };
  return deps.db.transaction('allow re-enrolment', async (trx) => {
    if ((await reenrolments.update(trx, asSeen(request), changes)) === 0) return undefined;
    const nodeData = isInvited ? { nodeData: await presentNodeData(trx, node) } : {};
    await nodes.update(trx, { uuid: node.uuid }, { serverId: server.id, ...nodeData, updatedAt: now });
    const how = isInvited ? "with what it finds in its server's metadata" : 'with the key that it has';
    const what = `may enrol again within an hour, ${how}: ${why}`;
    await tell(deps, trx, node, { kind: 'reenrolment_allowed', what });
    return { ...request, ...changes };
  });
}
