import type { Cloud } from '../cloud.js';

/** Everything that is not part of the seed, by name where there is one. Nothing left means: all lists empty. */
export interface Inventory {
  users: string[];
  /** `user role target` */
  grants: string[];
  /** `trustor trustee` */
  trusts: string[];
  stacks: string[];
  servers: string[];
  serverGroups: string[];
  /** `user name` */
  keypairs: string[];
  networks: string[];
  subnets: string[];
  ports: string[];
  routers: string[];
  floatingIps: string[];
  loadBalancers: string[];
  volumes: string[];
  snapshots: string[];
  applicationCredentials: string[];
  /** Swift's. */
  containers: string[];
  /** Without those that every project has of itself. */
  securityGroups: string[];
}

/** What there is, apart from the ids in `seeded`. */
export function takeInventory(cloud: Cloud, seeded: ReadonlySet<string>): Inventory {
  const { identity, compute, network, orchestration, loadBalancing } = cloud;
  const added = <T extends { id: string; name: string }>(items: Map<string, T>) =>
    [...items.values()].filter((item) => !seeded.has(item.id)).map((item) => item.name || item.id);
  const userName = (id: string) => identity.users.get(id)?.name ?? id;
  return {
    users: added(identity.users),
    grants: [...identity.grants]
      .filter(([key]) => !seeded.has(key))
      .map(([, { userId, roleId, target }]) => `${userName(userId)} ${identity.roles.get(roleId)?.name} ${target.id}`),
    trusts: [...identity.trusts.values()].map(
      ({ trustorUserId, trusteeUserId }) => `${userName(trustorUserId)} ${userName(trusteeUserId)}`,
    ),
    stacks: added(orchestration.stacks),
    servers: added(compute.servers),
    serverGroups: added(compute.serverGroups),
    keypairs: [...compute.keypairs]
      .filter(([key]) => !seeded.has(key))
      .map(([, { userId, name }]) => `${userName(userId)} ${name}`),
    networks: added(network.networks),
    subnets: added(network.subnets),
    ports: added(network.ports),
    routers: added(network.routers),
    floatingIps: [...network.floatingIps.values()].map((floating) => floating.floating_ip_address),
    loadBalancers: added(loadBalancing.loadBalancers),
    volumes: added(cloud.volumes),
    snapshots: added(cloud.snapshots),
    applicationCredentials: added(identity.applicationCredentials),
    containers: added(cloud.containers),
    securityGroups: added(network.securityGroups).filter((name) => name !== 'default'),
  };
}

/** All ids and keys there are at this moment. */
export function presentKeys(cloud: Cloud): Set<string> {
  const { identity, compute, network } = cloud;
  return new Set(
    [
      identity.users,
      identity.grants,
      compute.keypairs,
      network.networks,
      network.subnets,
      network.securityGroups,
    ].flatMap((items) => [...items.keys()]),
  );
}
