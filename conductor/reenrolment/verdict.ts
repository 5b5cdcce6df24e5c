import type { Node } from '../../common/db/nodes.js';
import { lastRebuild } from '../../openstack/compute/server-actions.js';
import { findServer, listServers, type Server } from '../../openstack/compute/servers.js';
import type { CallContext, Session } from '../../openstack/session.js';

/**
 * `key`: the machine was off for longer than its certificate is good; it still holds its key. `invitation`: Nova has made
 * its disk anew, or it never was a node. `later`: Nova is at work on it.
 */
export type Verdict = Allowing | { kind: 'refused' | 'later'; why: string };

export type Allowing = { kind: 'key' | 'invitation'; server: Server; why: string };

export interface Subject {
  node: Pick<Node, 'name' | 'serverId' | 'enrolledAt'>;
  /** When the last certificate ends with which it may show who it is. */
  identityEnd: number | undefined;
  now: number;
}

/**
 * Whether a node that asks may enrol again, by what Nova says. Never one that may be alive: whose certificate is still
 * good, unless Nova has rebuilt its server since it enrolled.
 */
export async function judge(session: Session, ctx: CallContext, subject: Subject): Promise<Verdict> {
  const { node, identityEnd, now } = subject;
  const server = await serverOf(session, ctx, node);
  if (server === undefined) return { kind: 'refused', why: 'its server is not in Nova any more' };
  if (server.status !== 'ACTIVE') return { kind: 'later', why: `its server is ${server.status}` };
  if (node.enrolledAt === undefined) return { kind: 'invitation', server, why: 'it never was in time' };
  const rebuiltAt = await lastRebuild(session, ctx, server.id);
  if (rebuiltAt !== undefined && rebuiltAt > node.enrolledAt) {
    return { kind: 'invitation', server, why: `Nova has rebuilt its server at ${inWords(rebuiltAt)}` };
  }
  if (identityEnd === undefined || identityEnd <= now) {
    const since = identityEnd === undefined ? '' : ` since ${inWords(identityEnd)}`;
    return { kind: 'key', server, why: `its certificate is good no more${since}` };
  }
  return {
    kind: 'refused',
    why: `its certificate is good until ${inWords(identityEnd)}, and Nova has not rebuilt its server since it enrolled`,
  };
}

async function serverOf(
  session: Session,
  ctx: CallContext,
  { name, serverId }: Subject['node'],
): Promise<Server | undefined> {
  if (serverId !== undefined) return findServer(session, ctx, serverId);
  const servers = await listServers(session, ctx, { namePrefix: name });
  return servers.find((server) => server.name === name);
}

function inWords(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}
