import type { Cloud } from '../cloud.js';
import { CloudError } from '../cloud-error.js';
import { type Call, param, type Reply, type Route } from '../http/route.js';
import { type Caller, type ProjectCaller, projectReader } from '../identity/callers.js';
import { createLoadBalancer, deleteWithParts, type LoadBalancer, type LoadBalancerPart } from './load-balancers.js';

/** Load balancers, as Kubernetes makes them and Bayou takes them away, and lists of what they consist of. */
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
    ...Object.entries(PART_LISTS).map(
      ([plural, kind]): Route => ({
        method: 'GET',
        path: `/v2.0/lbaas/${plural}`,
        handle: (call, caller) => {
          const parts = partsOf(cloud, balancerUser(caller), call.query.get('project_id'));
          const found = parts.filter((part) => part.kind === kind).map((part) => partView(part, parts));
          return { status: 200, body: { [plural]: found, [`${plural}_links`]: [] } };
        },
      }),
    ),
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
  const { load_balancer, listener, pool, member, health_monitor } = cloud.quotas.limits(projectId);
  const former = { loadbalancer: load_balancer, healthmonitor: health_monitor };
  return { load_balancer, listener, pool, member, health_monitor, ...former };
}

const PART_LISTS = { listeners: 'listener', pools: 'pool', healthmonitors: 'monitor' } as const;

function partsOf(cloud: Cloud, caller: ProjectCaller, projectId: string | null): LoadBalancerPart[] {
  const { loadBalancers, parts } = cloud.loadBalancing;
  return [...parts.values()].filter(({ loadBalancerId }) => {
    const owner = loadBalancers.get(loadBalancerId)?.projectId;
    return (caller.isAdmin || owner === caller.projectId) && (projectId === null || owner === projectId);
  });
}

function partView({ id, kind, settings }: LoadBalancerPart, all: LoadBalancerPart[]): Record<string, unknown> {
  if (kind !== 'pool') return { id };
  const members = all.filter((part) => part.kind === 'member' && part.settings.pool === id);
  return { id, name: settings.name ?? '', members: members.map((member) => ({ id: member.id })) };
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
