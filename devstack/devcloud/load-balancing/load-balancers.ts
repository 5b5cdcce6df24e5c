import type { Cloud, Owner } from '../cloud.js';
import { CloudError } from '../cloud-error.js';
import { createPort, deletePort } from '../network/ports.js';

export interface LoadBalancer {
  id: string;
  name: string;
  projectId: string;
  status: 'PENDING_CREATE' | 'ACTIVE' | 'PENDING_DELETE' | 'ERROR';
  description: string;
  vipAddress: string;
  vipPortId: string;
  vipSubnetId: string;
}

/** A listener, pool, member or health monitor: Octavia keeps them under their load balancer. */
export interface LoadBalancerPart {
  id: string;
  loadBalancerId: string;
  kind: 'listener' | 'pool' | 'member' | 'monitor';
  settings: Record<string, unknown>;
}

const QUOTAS = { listener: 'listener', pool: 'pool', member: 'member', monitor: 'health_monitor' } as const;

export class LoadBalancingState {
  readonly loadBalancers = new Map<string, LoadBalancer>();
  readonly parts = new Map<string, LoadBalancerPart>();
}

export interface NewLoadBalancer {
  name: string;
  vipSubnetId: string;
  vipAddress?: string | undefined;
  description?: string | undefined;
}

/** Its address is known at once; it is `ACTIVE` only after a while. */
export function createLoadBalancer(cloud: Cloud, owner: Owner, input: NewLoadBalancer): LoadBalancer {
  const subnet = cloud.network.subnets.get(input.vipSubnetId);
  const { loadBalancers } = cloud.loadBalancing;
  const used = [...loadBalancers.values()].filter(({ projectId }) => projectId === owner.projectId).length;
  const limit = cloud.quotas.limits(owner.projectId).load_balancer;
  if (limit >= 0 && used >= limit) throw new CloudError(403, 'Quota has been met for resources: load_balancer');
  if (subnet === undefined) throw new CloudError(400, `Subnet ${input.vipSubnetId} not found.`);
  const id = cloud.ids.uuid();
  const port = createPort(cloud, owner.projectId, {
    network_id: subnet.network_id,
    name: `octavia-lb-${id}`,
    device_id: `lb-${id}`,
    device_owner: 'Octavia',
    fixed_ips: [{ subnet_id: subnet.id, ...(input.vipAddress === undefined ? {} : { ip_address: input.vipAddress }) }],
  });
  const made: LoadBalancer = {
    id,
    name: input.name,
    projectId: owner.projectId,
    description: input.description ?? '',
    status: 'PENDING_CREATE',
    vipAddress: port.fixed_ips[0]?.ip_address ?? '',
    vipPortId: port.id,
    vipSubnetId: subnet.id,
  };
  loadBalancers.set(id, made);
  cloud.clock.after(cloud.settings.loadBalancerMs, () => {
    if (made.status === 'PENDING_CREATE') made.status = 'ACTIVE';
  });
  return made;
}

export function deleteLoadBalancer(cloud: Cloud, { id, vipPortId }: LoadBalancer): void {
  const port = cloud.network.ports.get(vipPortId);
  if (port !== undefined) deletePort(cloud, port);
  cloud.loadBalancing.loadBalancers.delete(id);
}

/** @throws CloudError 409 while it is changing. */
export function deleteWithParts(cloud: Cloud, found: LoadBalancer): void {
  if (found.status.startsWith('PENDING_')) {
    throw new CloudError(409, `Load Balancer ${found.id} is immutable and cannot be updated.`);
  }
  found.status = 'PENDING_DELETE';
  cloud.clock.after(cloud.settings.loadBalancerMs, () => {
    for (const [id, part] of cloud.loadBalancing.parts) {
      if (part.loadBalancerId === found.id) cloud.loadBalancing.parts.delete(id);
    }
    deleteLoadBalancer(cloud, found);
  });
}

/** @throws CloudError 404 for a missing load balancer, 409 for one that is not `ACTIVE` (`immutable`). */
export function createPart(
  cloud: Cloud,
  loadBalancerId: string,
  kind: LoadBalancerPart['kind'],
  settings: Record<string, unknown>,
): LoadBalancerPart {
  const found = cloud.loadBalancing.loadBalancers.get(loadBalancerId);
  if (found === undefined) throw new CloudError(404, `load balancer ${loadBalancerId} not found.`);
  if (found.status !== 'ACTIVE') {
    throw new CloudError(409, `Load Balancer ${found.id} is immutable and cannot be updated.`);
  }
  const { loadBalancers, parts } = cloud.loadBalancing;
  const isOfProject = (part: LoadBalancerPart) => loadBalancers.get(part.loadBalancerId)?.projectId === found.projectId;
  const used = [...parts.values()].filter((part) => part.kind === kind && isOfProject(part)).length;
  const limit = cloud.quotas.limits(found.projectId)[QUOTAS[kind]];
  if (limit >= 0 && used >= limit) throw new CloudError(403, `Quota has been met for resources: ${QUOTAS[kind]}`);
  const part: LoadBalancerPart = { id: cloud.ids.uuid(), loadBalancerId, kind, settings };
  parts.set(part.id, part);
  return part;
}
