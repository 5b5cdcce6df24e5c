import jwt from 'jsonwebtoken';
import { ServiceError } from './errors.js';

/**
 * With this a node asks for its certificate: a JWT (RFC 7519) for one node, in its user data. It is good once, for one
 * public key; that is kept on the node's row, not here.
 */
export interface EnrolmentTicket {
  nodeId: string;
  clusterId: string;
  issuedAt: number;
  expiresAt: number;
}

/** What the key is for, in `Sealer.derive`. */
export const TICKET_KEY_USE = 'enrolment-ticket';
const AUDIENCE = 'bayou-enrolment';

/** The same text for the same ticket, so a phase that runs twice renders the same user data. */
export function issueTicket(key: Buffer, ticket: EnrolmentTicket): string {
  const claims = {
    aud: AUDIENCE,
    sub: ticket.nodeId,
    cluster: ticket.clusterId,
    iat: Math.floor(ticket.issuedAt / 1000),
    exp: Math.floor(ticket.expiresAt / 1000),
  };
  return jwt.sign(claims, key, { algorithm: 'HS256' });
}

/**
 * What a ticket of ours says. An expired one is told apart, for its node is to hear of it.
 * @throws ServiceError `forbidden` when it is not ours.
 */
export function verifyTicket(key: Buffer, token: string, now: number): EnrolmentTicket & { expired: boolean } {
  const claims = verifiedClaims(key, token);
  if (typeof claims !== 'object' || typeof claims.sub !== 'string' || typeof claims.cluster !== 'string') {
    throw refused();
  }
  const expiresAt = (claims.exp ?? 0) * 1000;
  return {
    nodeId: claims.sub,
    clusterId: claims.cluster,
    issuedAt: (claims.iat ?? 0) * 1000,
    expiresAt,
    expired: now >= expiresAt,
  };
}

function verifiedClaims(key: Buffer, token: string): string | jwt.JwtPayload {
  try {
    return jwt.verify(token, key, { algorithms: ['HS256'], audience: AUDIENCE, ignoreExpiration: true });
  } catch (cause) {
    throw refused(cause);
  }
}

function refused(cause?: unknown): ServiceError {
  return new ServiceError('forbidden', 'The enrolment ticket is not valid', { code: 'ticket_invalid', cause });
}
