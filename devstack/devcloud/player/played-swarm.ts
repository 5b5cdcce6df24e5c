import type { Ids } from '../../../common/ids.js';

/** A node's place in the Swarm, as its own Docker tells it. */
export interface Membership {
  nodeId: string;
  isManager: boolean;
}

type Role = 'manager' | 'worker';

/** Tokens say whose they are, so that one of another cluster or role is noticed. */
export function newJoinToken(ids: Ids, clusterId: string, role: Role): string {
  return `${tokenStart(clusterId, role)}${ids.secret(24)}`;
}

/** Undefined when the token opens nothing. */
export function joinSwarm(ids: Ids, clusterId: string, role: Role, token: string): Membership | undefined {
  if (!token.startsWith(tokenStart(clusterId, role))) return undefined;
  return { nodeId: ids.secret(18), isManager: role === 'manager' };
}

function tokenStart(clusterId: string, role: Role): string {
  return `SWMTKN-1-${clusterId}-${role}-`;
}

const DOCKER_VERSION = '20.10.24';

/** What the node's `health.sh` would say. */
export function swarmReport(membership: Membership | undefined, managers: number): Record<string, string> {
  if (membership === undefined) return { state: 'inactive', version: DOCKER_VERSION };
  const { nodeId, isManager } = membership;
  return {
    state: 'active',
    version: DOCKER_VERSION,
    node_id: nodeId,
    role: isManager ? 'manager' : 'worker',
    ...(isManager ? { managers_reachable: `${managers}/${managers}` } : {}),
  };
}
