import { NODE_AUTHORITY } from '../../common/authorities.js';
import { certificates, lastEnd } from '../../common/db/certificates.js';
import type { Query } from '../../common/db/database.js';
import { type Node, nodes } from '../../common/db/nodes.js';
import { type Reenrolment, reenrolments } from '../../common/db/reenrolments.js';
import { SERVICE_OWNER } from '../../common/db/secrets.js';
import type { ServiceError } from '../../common/errors.js';
import { INVITATION_KEY_USE, INVITATION_MS, isInvitation } from '../../common/invitation.js';
import type { ListenerContext } from './context.js';
import type { Admission, Applicant } from './enrol.js';
import { tell, tellAlways } from './node-writes.js';

/**
 * Somebody has a ticket that is not good any more: the node itself, after it was off for long or its server was rebuilt,
 * or somebody who has read its user data. Told apart by what only the node can have: the private key that enrolled, or
 * an invitation, which a conductor puts into the metadata of a server that Nova has rebuilt. Whoever has neither is
 * refused, and a conductor is asked to look.
 */
export async function enrolAgain(
  context: ListenerContext,
  trx: Query,
  node: Node,
  applicant: Applicant,
  problem: ServiceError,
): Promise<Admission> {
  const known = await reenrolments.find(trx, { nodeId: node.uuid });
  const allowed = known !== undefined && isAllowed(context, known) ? known : undefined;
  if (applicant.keyHash === node.enrolledKey) {
    if (allowed !== undefined || (await hasGoodIdentity(context, trx, node))) {
      return welcomeBack(context, trx, node, known);
    }
  } else if (allowed?.state === 'invited' && isInvited(context, allowed, applicant)) {
    return replace(context, trx, node, applicant, allowed);
  }
  await ask(context, trx, node, applicant, problem, known);
  return { refusal: problem };
}

/** Who has it may have it made anew at any heartbeat, so that asking here, since an answer was lost, gains nothing. */
async function hasGoodIdentity({ deps }: ListenerContext, trx: Query, { uuid: nodeId }: Node): Promise<boolean> {
  const end = await lastEnd(trx, { owner: SERVICE_OWNER, name: NODE_AUTHORITY, nodeId });
  return end !== undefined && deps.clock.now() < end;
}

function isAllowed({ deps }: ListenerContext, { state, allowedAt = 0 }: Reenrolment): boolean {
  return (state === 'key' || state === 'invited') && deps.clock.now() < allowedAt + INVITATION_MS;
}

function isInvited({ deps }: ListenerContext, { nodeId, allowedAt = 0 }: Reenrolment, { invitation }: Applicant) {
  const key = deps.sealer.derive(INVITATION_KEY_USE);
  return invitation !== undefined && isInvitation(key, { nodeId, allowedAt }, invitation);
}

/** The same machine as before. */
async function welcomeBack(
  context: ListenerContext,
  trx: Query,
  node: Node,
  known: Reenrolment | undefined,
): Promise<Admission> {
  const now = context.deps.clock.now();
  await nodes.update(trx, { uuid: node.uuid }, { lastSeen: now });
  if (known !== undefined && known.state !== 'done') {
    await reenrolments.update(trx, { id: known.id }, { state: 'done', checkAt: now });
    const message = `Node ${node.name} has enrolled again, with the key that it has`;
    await tell(context, trx, node, { kind: 'node_enrolled_again', message });
  }
  return { nodeData: node.nodeData };
}

/** A machine without a past takes the node's place: what the one before was given, and reported, is not its own. */
async function replace(
  context: ListenerContext,
  trx: Query,
  node: Node,
  { keyHash, sshHostKey }: Applicant,
  known: Reenrolment,
): Promise<Admission> {
  const now = context.deps.clock.now();
  await nodes.update(
    trx,
    { uuid: node.uuid },
    {
      enrolledKey: keyHash,
      enrolledAt: now,
      sshHostKey,
      steps: [],
      ready: false,
      orchestrator: {},
      fault: undefined,
      lastSeen: now,
    },
  );
  // Also what is signed for one key only.
  await certificates.delete(trx, { owner: node.clusterId, nodeId: node.uuid });
  await reenrolments.update(trx, { id: known.id }, { state: 'done', checkAt: now });
  const before = node.enrolledKey === undefined ? '' : ', with another key; the one before is good no more';
  const message = `Node ${node.name} has enrolled by its invitation${before}`;
  await tellAlways(context, trx, node, { kind: 'node_enrolled_again', message });
  return { nodeData: node.nodeData };
}

/** One request for a node, however often it comes; its refusal is told once for each key in a row. */
async function ask(
  context: ListenerContext,
  trx: Query,
  node: Node,
  { keyHash: askedKey }: Applicant,
  problem: ServiceError,
  known: Reenrolment | undefined,
): Promise<void> {
  const now = context.deps.clock.now();
  const asked = { askedAt: now, askedKey };
  if (known !== undefined) await reenrolments.update(trx, { id: known.id }, asked);
  else {
    const owner = { nodeId: node.uuid, clusterId: node.clusterId };
    await reenrolments.insert(trx, { ...owner, ...asked, state: 'asked', checkAt: now, createdAt: now });
  }
  if (known?.askedKey === askedKey) return;
  await tell(context, trx, node, { kind: 'ticket_refused', message: `${problem.message} (node ${node.name})` });
}
