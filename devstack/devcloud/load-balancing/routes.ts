import type { Cloud } from '../cloud.js';
import { CloudError } from '../cloud-error.js';
import { type Call, param, type Reply, type Route } from '../http/route.js';
import { type Caller, type ProjectCaller, projectReader } from '../identity/callers.js';
import { createLoadBalancer, deleteWithParts, type LoadBalancer } from './load-balancers.js';

/** Load balancers alone, as Kubernetes makes them and Bayou takes them away. */
export function loadBalancerRoutes(cloud: Cloud): Route[] {
  const list = '/v2.0/lbaas/loadbalancers';
  const { loadBalancers } = cloud.loadBalancing;
  const visible = (found: LoadBalancer, { projectId, isAdmin }: Caller) => isAdmin || found.projectId === projectId;
  const one = (call: Call, caller: Caller): LoadBalancer => {
    const found = loadBalancers.get(param(call, 'id'));
    if (found !== undefined && visible(found, caller)) return found;
    throw new CloudError(404, `load balancer ${param(call, 'id')} not found.`);
  };
  return [
    {
      method: 'GET',
      path: list,
      handle: (call, caller) => {
        const project = call.query.get('project_id');
        const reader = balancerUser(caller);
        const found = [...loadBalancers.values()].filter(
          (each) => visible(each, reader) && (project === null || each.projectId === project),
        );
        return { status: 200, body: { loadbalancers: found.map(view), loadbalancers_links: [] } };
      },
    },
    {
      method: 'GET',
      path: '/v2.0/lbaas/quotas/:project',
      handle: (call, caller) => ({ status: 200, body: { quota: quota(cloud, call, caller) } }),
    },
    { method: 'POST', path: list, handle: (call, caller) => create(cloud, call, caller) },
    {
      method: 'GET',
      path: `${list}/:id`,
      handle: (call, caller) => ({ status: 200, body: { loadbalancer: view(one(call, balancerUser(caller))) } }),
    },
    {
      method: 'DELETE',
      path: `${list}/:id`,
      handle: (call, caller) => {
        const found = one(call, balancerUser(caller));
        const isEmpty = ![...cloud.loadBalancing.parts.values()].some((part) => part.loadBalancerId === found.id);
        if (!isEmpty && call.query.get('cascade') !== 'true') {
          throw new CloudError(400, `Validation failure: Cannot delete Load Balancer ${found.id} - it has children`);
        }
        deleteWithParts(cloud, found);
        return { status: 204 };
      },
    },
  ];
}

/** By Octavia's own roles, as its default policy has it (octavia/policies/base.py): a plain member of a project has none. */
function balancerUser(caller: Caller): ProjectCaller {
  if (!caller.isAdmin && !caller.roles.has('load-balancer_member')) throw refused();
  return projectReader(caller);
}

const refused = () => new CloudError(403, 'Policy does not allow this request to be performed.');

/** Limits alone, under the names of both of its versions. */
function quota(cloud: Cloud, call: Call, caller: Caller): Record<string, number> {
  const projectId = param(call, 'project');
  const { projectId: own, isAdmin } = balancerUser(caller);
  if (own !== projectId && !isAdmin) throw refused();
  const { load_balancer: limit } = cloud.quotas.limits(projectId);
  return { load_balancer: limit, loadbalancer: limit, listener: -1, pool: -1, member: -1, health_monitor: -1 };
}

function create(cloud: Cloud, call: Call, caller: Caller): Reply {
  const { projectId, userId } = balancerUser(caller);
  const input = (call.body.loadbalancer ?? {}) as { name?: string; description?: string; vip_subnet_id?: string };
  const made = createLoadBalancer(
    cloud,
    { projectId, userId },
    { name: input.name ?? '', description: input.description, vipSubnetId: input.vip_subnet_id ?? '' },
  );
  return { status: 201, body: { loadbalancer: view(made) } };
}

function view(found: LoadBalancer): Record<string, unknown> {
  const { id, name, description, projectId, status, vipAddress, vipPortId, vipSubnetId } = found;
  return {
    id,
    name,
    description,
    project_id: projectId,
    provisioning_status: status,
    operating_status: status === 'ACTIVE' ? 'ONLINE' : 'OFFLINE',
    vip_address: vipAddress,
    vip_port_id: vipPortId,
    vip_subnet_id: vipSubnetId,
  };
}
