import { z } from 'zod';
import type { Query } from '../../common/db/database.js';
import { type Node, nodes } from '../../common/db/nodes.js';
import { type EnrolmentTicket, verifyTicket } from '../../common/enrolment-ticket.js';
import { ServiceError } from '../../common/errors.js';
import { requestKeyHash } from '../../common/x509.js';
import { parseBody } from './body.js';
import type { Answer, ListenerContext } from './context.js';
import { enrolAgain } from './enrol-again.js';
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
  /** Of a machine that is not the ticket's first: what it has found in its server's metadata. */
  invitation: z.string().max(255).optional(),
});

/** Who asks to be a node: its key, and what it shows besides the ticket. */
export interface Applicant {
  keyHash: string;
  sshHostKey: string | undefined;
  invitation: string | undefined;
}

/** How a request to enrol ends: with the node as it is known now, or with a refusal that has been written down. */
export type Admission = { refusal: ServiceError } | { nodeData?: Node['nodeData'] };

/**
 * A node's first call: its ticket is bound to the public key that it brings. The same key may ask again, for its answer
 * may have been lost; another key means that somebody else has the ticket, or that the machine was made anew: see
 * `enrol-again.ts`.
 */
export async function enrol(context: ListenerContext, body: unknown): Promise<Answer> {
  const { ticket: token, csr, ssh_host_key: sshHostKey, invitation } = parseBody(schema, body);
  const { clock, db } = context.deps;
  const ticket = verifyTicket(context.ticketKey, token, clock.now());
  if (!context.limits.requests.take(`enrol ${ticket.nodeId}`, clock.now())) {
    throw new ServiceError('too_many', 'Too many requests', { retryAfterSeconds: 5 });
  }
  const applicant: Applicant = { keyHash: await requestKeyHash(csr), sshHostKey, invitation };
  const admission = await db.transaction('enrol', async (trx) => {
    const now = clock.now();
    const node = await lockNode(trx, ticket.nodeId, now);
    if (node.clusterId !== ticket.clusterId || node.state === 'leaving') throw nodeGone();
    const problem = findProblem(node, ticket, applicant.keyHash, now);
    if (problem !== undefined) return enrolAgain(context, trx, node, applicant, problem);
    return enrolFirst(context, trx, node, applicant);
  });
  if ('refusal' in admission) throw admission.refusal;
  const signed = await signIdentity(context, { uuid: ticket.nodeId, clusterId: ticket.clusterId }, csr);
  return {
    body: {
      certificate: signed.pem,
      ca: context.authority.certificatePem,
      not_after: new Date(signed.notAfter).toISOString(),
      // What the machine was born with may be older than the cluster is now.
      ...(admission.nodeData === undefined ? {} : { node: admission.nodeData }),
    },
  };
}

async function enrolFirst(
  context: ListenerContext,
  trx: Query,
  node: Node,
  { keyHash, sshHostKey }: Applicant,
): Promise<Admission> {
  const now = context.deps.clock.now();
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
  if (first) await tell(context, trx, node, { kind: 'node_enrolled', message: `Node ${node.name} has enrolled` });
  return {};
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
