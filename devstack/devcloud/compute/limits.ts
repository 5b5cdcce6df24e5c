import type { Cloud } from '../cloud.js';
import { type Call, param, type Reply, type Route } from '../http/route.js';
import { type Caller, forbidden, projectMember, projectReader } from '../identity/callers.js';
import type { ServerGroup } from './state.js';

interface Usage {
  instances: number;
  cores: number;
  ram: number;
}

/** Limits, quotas and server groups. */
export function limitRoutes(cloud: Cloud): Route[] {
  return [
    { method: 'GET', path: '/v2.1/limits', handle: (_, caller) => showLimits(cloud, caller) },
    {
      method: 'GET',
      path: '/v2.1/os-quota-sets/:project',
      handle: (call, caller) => showQuota(cloud, call, caller, (limit) => limit),
    },
    {
      method: 'GET',
      path: '/v2.1/os-quota-sets/:project/detail',
      handle: (call, caller) =>
        showQuota(cloud, call, caller, (limit, inUse) => ({ limit, in_use: inUse, reserved: 0 })),
    },
    {
      method: 'GET',
      path: '/v2.1/os-server-groups',
      handle: (_, caller) => {
        const { projectId } = projectReader(caller);
        const groups = [...cloud.compute.serverGroups.values()].filter((group) => group.projectId === projectId);
        return { status: 200, body: { server_groups: groups.map((group) => groupView(cloud, group)) } };
      },
    },
    {
      method: 'GET',
      path: '/v2.1/os-availability-zone',
      handle: (_, caller) => {
        projectMember(caller);
        const zones = cloud.compute.zones.map((zoneName) => ({
          zoneName,
          zoneState: { available: true },
          hosts: null,
        }));
        return { status: 200, body: { availabilityZoneInfo: zones } };
      },
    },
  ];
}

function usage(cloud: Cloud, projectId: string): Usage {
  const servers = cloud.compute.serversOf(projectId);
  const flavors = servers.map((server) => cloud.compute.flavors.get(server.flavorId));
  return {
    instances: servers.length,
    cores: flavors.reduce((sum, flavor) => sum + (flavor?.vcpus ?? 0), 0),
    ram: flavors.reduce((sum, flavor) => sum + (flavor?.ramMib ?? 0), 0),
  };
}

function showLimits(cloud: Cloud, caller: Caller): Reply {
  const { projectId } = projectReader(caller);
  const limits = cloud.quotas.limits(projectId);
  const used = usage(cloud, projectId);
  const absolute = {
    maxTotalInstances: limits.instances,
    maxTotalCores: limits.cores,
    maxTotalRAMSize: limits.ram,
    maxTotalKeypairs: limits.key_pairs,
    maxServerGroups: limits.server_groups,
    maxServerGroupMembers: limits.server_group_members,
    totalInstancesUsed: used.instances,
    totalCoresUsed: used.cores,
    totalRAMUsed: used.ram,
    totalServerGroupsUsed: cloud.compute.serverGroups.size,
  };
  return { status: 200, body: { limits: { rate: [], absolute } } };
}

function showQuota(
  cloud: Cloud,
  call: Call,
  caller: Caller,
  present: (limit: number, inUse: number) => unknown,
): Reply {
  const projectId = param(call, 'project');
  if (caller.projectId !== projectId && !caller.isAdmin) throw forbidden('os_compute_api:os-quota-sets:show');
  const limits = cloud.quotas.limits(projectId);
  const used = usage(cloud, projectId);
  const set = {
    id: projectId,
    instances: present(limits.instances, used.instances),
    cores: present(limits.cores, used.cores),
    ram: present(limits.ram, used.ram),
    key_pairs: present(limits.key_pairs, 0),
    server_groups: present(limits.server_groups, cloud.compute.serverGroups.size),
    server_group_members: present(limits.server_group_members, 0),
  };
  return { status: 200, body: { quota_set: set } };
}

function groupView(cloud: Cloud, group: ServerGroup): Record<string, unknown> {
  const members = [...cloud.compute.servers.values()].filter((server) => server.groupId === group.id);
  return {
    id: group.id,
    name: group.name,
    policies: group.policies,
    members: members.map((server) => server.id),
    metadata: {},
  };
}
