import type { Cloud } from '../cloud.js';
import { CloudError } from '../cloud-error.js';
import { type Call, param, type Reply, type Route } from '../http/route.js';
import { type Caller, projectMember, projectReader } from '../identity/callers.js';
import { createServer, deleteServer, rebuildServer } from './server-lifecycle.js';
import type { Server } from './state.js';

export function serverRoutes(cloud: Cloud): Route[] {
  return [
    {
      method: 'GET',
      path: '/v2.1/servers',
      handle: (call, caller) => list(cloud, call, caller, ({ id, name }) => ({ id, name, links: [] })),
    },
    {
      method: 'GET',
      path: '/v2.1/servers/detail',
      handle: (call, caller) => list(cloud, call, caller, (server) => view(cloud, server)),
    },
    { method: 'POST', path: '/v2.1/servers', handle: (call, caller) => create(cloud, call, caller) },
    {
      method: 'GET',
      path: '/v2.1/servers/:id',
      handle: (call, caller) => ({
        status: 200,
        body: { server: view(cloud, visibleServer(cloud, call, projectReader(caller))) },
      }),
    },
    {
      method: 'DELETE',
      path: '/v2.1/servers/:id',
      handle: (call, caller) => {
        deleteServer(cloud, visibleServer(cloud, call, projectMember(caller)));
        return { status: 204 };
      },
    },
    { method: 'POST', path: '/v2.1/servers/:id/action', handle: (call, caller) => act(cloud, call, caller) },
  ];
}

/** @throws CloudError 404 for a server of another project, too. */
export function visibleServer(cloud: Cloud, call: Call, caller: Caller): Server {
  const server = cloud.compute.servers.get(param(call, 'id'));
  if (server === undefined || (server.projectId !== caller.projectId && !caller.isAdmin)) {
    throw new CloudError(404, `Instance ${param(call, 'id')} could not be found.`);
  }
  return server;
}

/** @throws CloudError 409 in any state but these. */
export function requireStatus({ id, status }: Server, what: string, allowed: readonly Server['status'][]): void {
  if (allowed.includes(status)) return;
  const task = taskState(status);
  const state = task === null ? `vm_state ${status.toLowerCase()}` : `task_state ${task}`;
  throw new CloudError(409, `Cannot '${what}' instance ${id} while it is in ${state}`);
}

function taskState(status: Server['status']): string | null {
  return { BUILD: 'spawning', REBUILD: 'rebuilding', ACTIVE: null, ERROR: null, DELETED: null }[status];
}

const MAX_PAGE = 1000;

function list(cloud: Cloud, call: Call, caller: Caller, present: (server: Server) => unknown): Reply {
  const { projectId } = projectReader(caller);
  const everyProject = caller.isAdmin && ['1', 'true', 'True'].includes(call.query.get('all_tenants') ?? '');
  const name = call.query.get('name');
  const pattern = name === null ? undefined : new RegExp(name);
  const found = [...cloud.compute.servers.values()]
    .filter((server) => everyProject || server.projectId === projectId)
    .filter((server) => pattern === undefined || pattern.test(server.name))
    .reverse(); // newest first
  const marker = call.query.get('marker');
  const start = marker === null ? 0 : found.findIndex((server) => server.id === marker) + 1;
  if (marker !== null && start === 0) throw new CloudError(400, `marker [${marker}] not found`);
  const limit = Math.min(Number(call.query.get('limit') ?? MAX_PAGE) || MAX_PAGE, MAX_PAGE);
  const page = found.slice(start, start + limit);
  const more = start + limit < found.length;
  const next = `${cloud.url}/compute/v2.1/servers?limit=${limit}&marker=${page.at(-1)?.id}`;
  return {
    status: 200,
    body: { servers: page.map(present), ...(more ? { servers_links: [{ rel: 'next', href: next }] } : {}) },
  };
}

interface ServerInput {
  name?: string;
  imageRef?: string;
  flavorRef?: string;
  key_name?: string;
  metadata?: Record<string, string>;
  user_data?: string;
  availability_zone?: string;
  config_drive?: boolean;
  security_groups?: { name: string }[];
  networks?: 'auto' | 'none' | { port?: string; uuid?: string; fixed_ip?: string }[];
}

function create(cloud: Cloud, call: Call, caller: Caller): Reply {
  const input = (call.body.server ?? {}) as ServerInput;
  const hints = (call.body['os:scheduler_hints'] ?? {}) as { group?: string };
  const { userId, projectId } = projectMember(caller);
  if (input.name === undefined || input.flavorRef === undefined || input.imageRef === undefined) {
    throw new CloudError(400, 'Invalid input for field/attribute server: name, imageRef and flavorRef are required.');
  }
  const server = createServer(
    cloud,
    { userId, projectId },
    {
      name: input.name,
      image: input.imageRef,
      flavor: input.flavorRef,
      keyName: input.key_name,
      metadata: input.metadata,
      userData: input.user_data,
      availabilityZone: input.availability_zone,
      configDrive: input.config_drive,
      groupId: hints.group,
      securityGroups: input.security_groups?.map((group) => group.name),
      networks: (Array.isArray(input.networks) ? input.networks : []).map((network) => ({
        portId: network.port,
        networkId: network.uuid,
        fixedIp: network.fixed_ip,
      })),
    },
  );
  const links = [{ rel: 'self', href: `${cloud.url}/compute/v2.1/servers/${server.id}` }];
  return { status: 202, body: { server: { id: server.id, links, adminPass: cloud.ids.secret(9) } } };
}

function act(cloud: Cloud, call: Call, caller: Caller): Reply {
  const member = projectMember(caller);
  const server = visibleServer(cloud, call, member);
  if ('rebuild' in call.body) {
    const { imageRef } = (call.body.rebuild ?? {}) as { imageRef?: string };
    requireStatus(server, 'rebuild', ['ACTIVE', 'ERROR']);
    rebuildServer(cloud, member, server, imageRef ?? '');
    return { status: 202, body: { server: { ...view(cloud, server), adminPass: cloud.ids.secret(9) } } };
  }
  if (!('os-getConsoleOutput' in call.body)) {
    throw new CloudError(400, `There is no such action: ${Object.keys(call.body)[0] ?? ''}`);
  }
  return { status: 200, body: { output: server.playing?.consoleLog?.() ?? '' } };
}

/** While a server is made anew it counts as active. */
const VM_STATES: Partial<Record<Server['status'], string>> = { BUILD: 'building', REBUILD: 'active' };

function view(cloud: Cloud, server: Server): Record<string, unknown> {
  const at = (time: number) => new Date(time).toISOString().replace(/\.\d+Z/, 'Z');
  return {
    id: server.id,
    name: server.name,
    status: server.status,
    tenant_id: server.projectId,
    user_id: server.userId,
    metadata: server.metadata,
    image: { id: server.imageId, links: [] },
    flavor: { id: server.flavorId, links: [] },
    key_name: server.keyName ?? null,
    created: at(server.createdAt),
    updated: at(server.createdAt),
    addresses: addressesByNetwork(cloud, server),
    config_drive: server.configDrive ? 'True' : '',
    progress: server.status === 'ACTIVE' ? 100 : 0,
    security_groups: [{ name: 'default' }],
    'OS-EXT-AZ:availability_zone': server.availabilityZone,
    'OS-EXT-STS:vm_state': VM_STATES[server.status] ?? server.status.toLowerCase(),
    'OS-EXT-STS:task_state': taskState(server.status),
    'OS-EXT-STS:power_state': server.status === 'ACTIVE' ? 1 : 0,
    'os-extended-volumes:volumes_attached': [],
    links: [],
    ...(server.fault === undefined
      ? {}
      : { fault: { code: server.fault.code, message: server.fault.message, created: at(server.fault.at) } }),
  };
}

/** Fixed ones and the floating ones that point to them. */
export function addressesByNetwork(cloud: Cloud, server: Server): Record<string, unknown[]> {
  const { ports, networks, floatingIps } = cloud.network;
  const addresses: Record<string, unknown[]> = {};
  for (const portId of server.portIds) {
    const port = ports.get(portId);
    const network = networks.get(port?.network_id ?? '')?.name;
    if (port === undefined || network === undefined) continue;
    const entry = (address: string, type: string) => ({
      addr: address,
      version: 4,
      'OS-EXT-IPS:type': type,
      'OS-EXT-IPS-MAC:mac_addr': port.mac_address,
    });
    const floating = [...floatingIps.values()].filter((ip) => ip.port_id === portId);
    addresses[network] = [
      ...(addresses[network] ?? []),
      ...port.fixed_ips.map((ip) => entry(ip.ip_address, 'fixed')),
      ...floating.map((ip) => entry(ip.floating_ip_address, 'floating')),
    ];
  }
  return addresses;
}
