import type { ClusterPlan, PlannedStacks } from './cluster-plan.js';

/** What a cluster gets beyond what it has. What goes away is freed later, and left out. */
export function addedTo(before: ClusterPlan, after: ClusterPlan): ClusterPlan {
  return {
    servers: after.servers
      .map((servers) => ({
        ...servers,
        count: servers.count - countIn(before.servers, (each) => each.nodegroup === servers.nodegroup),
      }))
      .filter(({ count }) => count > 0),
    stacks: after.stacks
      .map((stacks) => ({ ...stacks, count: stacks.count - countIn(before.stacks, (each) => isAlike(each, stacks)) }))
      .filter(({ count }) => count > 0),
    volumes: after.volumes
      .map((volumes) => ({
        ...volumes,
        count:
          volumes.count -
          countIn(
            before.volumes,
            ({ nodegroup, purpose }) => nodegroup === volumes.nodegroup && purpose === volumes.purpose,
          ),
      }))
      .filter(({ count }) => count > 0),
    resources: Object.fromEntries(
      Object.entries(after.resources)
        .map(([type, count]): [string, number] => [type, count - (before.resources[type] ?? 0)])
        .filter(([, count]) => count > 0),
    ),
    securityGroupRules: Math.max(0, after.securityGroupRules - before.securityGroupRules),
    addresses: Math.max(0, after.addresses - before.addresses),
    ownNetwork: after.ownNetwork,
  };
}

function isAlike(one: PlannedStacks, other: PlannedStacks): boolean {
  return one.kind === other.kind && one.nodegroup === other.nodegroup;
}

function countIn<T extends { count: number }>(all: readonly T[], fits: (each: T) => boolean): number {
  return all.filter(fits).reduce((sum, { count }) => sum + count, 0);
}
