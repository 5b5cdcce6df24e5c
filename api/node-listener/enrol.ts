import { z } from 'zod';
import { type Node, nodes } from '../../common/db/nodes.js';
import { type EnrolmentTicket, verifyTicket } from '../../common/enrolment-ticket.js';
import { ServiceError } from '../../common/errors.js';
import { requestKeyHash } from '../../common/x509.js';
import { parseBody } from './body.js';
import type { Answer, ListenerContext } from './context.js';
import { nodeGone } from './errors.js';
import { lockNode, tell } from './node-writes.js';
import { signIdentity } from './signing.js';

export const sshHostKeySchema = z
  .string()
  .regex(/^(ssh-|ecdsa-)[a-z0-9@.-]{1,60} [A-Za-z0-9+/=]{16,2000}( .{0,255})?\s?$/);

const schema = z.object({
  ticket: z.string().max(4096),
  csr: z.string(),
  ssh_host_key: sshHostKeySchema.optional(),
});

/**
 * A node's first call: its ticket is bound to the public key that it brings. The same key may ask again, for its answer
 * may have been lost; another key means that somebody else has the ticket, and the cluster's owner hears of it.
 */
export async function enrol(context: ListenerContext, body: unknown): Promise<Answer> {
  const { ticket: token, csr, ssh_host_key: sshHostKey } = parseBody(schema, body);
  const { clock, db } = context.deps;
  const ticket = verifyTicket(context.ticketKey, token, clock.now());
  if (!context.limits.requests.take(`enrol ${ticket.nodeId}`, clock.now())) {
    throw new ServiceError('too_many', 'Too many requests', { retryAfterSeconds: 5 });
  }
  const keyHash = await requestKeyHash(csr);
  const refusal = await db.transaction('enrol', async (trx) => {
    const now = clock.now();
    const node = await lockNode(trx, ticket.nodeId, now);
    if (node.clusterId !== ticket.clusterId || node.state === 'leaving') throw nodeGone();
    const problem = findProblem(node, ticket, keyHash, now);
    if (problem !== undefined) {
      await tell(context, trx, node, { kind: 'ticket_refused', message: `${problem.message} (node ${node.name})` });
      return problem;
    }
    const first = node.enrolledKey === undefined;
    await nodes.update(
      trx,
      { uuid: node.uuid },
      {
        ...(first ? { enrolledKey: keyHash, enrolledAt: now } : {}),
        ...(node.sshHostKey === undefined && sshHostKey !== undefined ? { sshHostKey } : {}),
        lastSeen: now,
      },
    );
    if (first) {
      await tell(context, trx, node, { kind: 'node_enrolled', message: `Node ${node.name} has enrolled` });
    }
    return undefined;
  });
  if (refusal !== undefined) throw refusal;
  const signed = await signIdentity(context, { uuid: ticket.nodeId, clusterId: ticket.clusterId }, csr);
  return {
    body: {
      certificate: signed.pem,
      ca: context.authority.certificatePem,
      not_after: new Date(signed.notAfter).toISOString(),
    },
  };
}

function findProblem(
  node: Node,
  ticket: EnrolmentTicket & { expired: boolean },
  keyHash: string,
  now: number,
): ServiceError | undefined {
  if (ticket.expired || node.ticketExpiresAt === undefined || now >= node.ticketExpiresAt) {
    return new ServiceError('forbidden', 'The enrolment ticket has expired', { code: 'ticket_expired' });
  }
  if (node.enrolledKey !== undefined && node.enrolledKey !== keyHash) {
    return new ServiceError('forbidden', 'The enrolment ticket was used with another key', { code: 'ticket_used' });
  }
  return undefined;
}
