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

/** Docker's managers hear from every member each 5 s, and call it down after three that did not come. */
const DOWN_AFTER_MS = 15_000;

interface Member {
  membership: Membership;
  haltedAt: number | undefined;
}

/** What the members of one Swarm know of each other. */
export class PlayedSwarm {
  readonly #members = new Map<string, Member>();

  /** A Swarm begins: who was in another before is in none. */
  begin(name: string, membership: Membership): void {
    this.#members.clear();
    this.enter(name, membership);
  }

  enter(name: string, membership: Membership): void {
    this.#members.set(name, { membership, haltedAt: undefined });
  }

  leave(name: string): void {
    this.#members.delete(name);
  }

  demote(name: string): void {
    const member = this.#members.get(name);
    if (member !== undefined) member.membership.isManager = false;
  }

  /** With nobody to lose. */
  get isAlone(): boolean {
    return this.#members.size <= 1;
  }

  /** Undefined: the machine runs. */
  halt(name: string, haltedAt: number | undefined): void {
    const member = this.#members.get(name);
    if (member !== undefined) member.haltedAt = haltedAt === undefined ? undefined : (member.haltedAt ?? haltedAt);
  }

  /** What `docker node ls` gives the node's `health.sh`; nothing without a quorum. */
  seenByManagers(now: number): Record<string, string> {
    const members = [...this.#members].map(([name, { membership, haltedAt }]) => ({
      name,
      isManager: membership.isManager,
      isUp: haltedAt === undefined || now - haltedAt < DOWN_AFTER_MS,
    }));
    const managers = members.filter(({ isManager }) => isManager);
    const reachable = managers.filter(({ isUp }) => isUp);
    if (reachable.length <= managers.length / 2) return {};
    const down = members.filter(({ isUp }) => !isUp).map(({ name }) => name);
    return {
      managers_reachable: `${reachable.length}/${managers.length}`,
      ...(down.length === 0 ? {} : { nodes_down: down.join(',') }),
    };
  }
}
