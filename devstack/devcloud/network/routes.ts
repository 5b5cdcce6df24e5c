import type { Cloud } from '../cloud.js';
import { CloudError } from '../cloud-error.js';
import { type Call, param, type Reply, type Route } from '../http/route.js';
import { type Caller, forbidden, projectMember, projectReader } from '../identity/callers.js';
import { associate, createFloatingIp, deleteFloatingIp, type NewFloatingIp } from './floating-ips.js';
import {
  countOf,
  createNetwork,
  createSubnet,
  deleteNetwork,
  deleteSubnet,
  type NewNetwork,
  type NewSubnet,
} from './networks.js';
import { createPort, deletePortByRequest, type NewPort, type PortChange, updatePort } from './ports.js';
import { addInterface, createRouter, deleteRouter, type NewRouter, removeInterface, updateRouter } from './routers.js';
import { countRules, createSecurityGroup, deleteSecurityGroup, type NewSecurityGroup } from './security-groups.js';

interface Item {
  id: string;
  project_id: string;
}

/** One of Neutron's collections; all of them are listed, filtered, made and deleted alike. */
interface Collection<T extends Item> {
  plural: string;
  singular: string;
  notFound: { type: string; message: (id: string) => string };
  items: Map<string, T>;
  /** Who else may see an item. */
  isPublic?: (item: T) => boolean;
  create: (projectId: string, input: unknown) => T;
  update?: (item: T, input: unknown) => void;
  remove: (item: T) => void;
}

export function networkRoutes(cloud: Cloud): Route[] {
  const { networks, subnets, ports, routers, securityGroups, floatingIps } = cloud.network;
  const isPublicNetwork = (id: string) =>
    networks.get(id)?.shared === true || networks.get(id)?.['router:external'] === true;
  return [
    ...collectionRoutes({
      plural: 'networks',
      singular: 'network',
      notFound: { type: 'NetworkNotFound', message: (id) => `Network ${id} could not be found.` },
      items: networks,
      isPublic: (network) => isPublicNetwork(network.id),
      create: (projectId, input) => createNetwork(cloud, projectId, input as NewNetwork),
      remove: (network) => deleteNetwork(cloud, network),
    }),
    ...collectionRoutes({
      plural: 'subnets',
      singular: 'subnet',
      notFound: { type: 'SubnetNotFound', message: (id) => `Subnet ${id} could not be found.` },
      items: subnets,
      isPublic: (subnet) => networks.get(subnet.network_id)?.shared === true,
      create: (projectId, input) => createSubnet(cloud, projectId, input as NewSubnet),
      remove: (subnet) => deleteSubnet(cloud, subnet),
    }),
    ...collectionRoutes({
      plural: 'ports',
      singular: 'port',
      notFound: { type: 'PortNotFound', message: (id) => `Port ${id} could not be found.` },
      items: ports,
      create: (projectId, input) => createPort(cloud, projectId, input as NewPort),
      update: (port, input) => updatePort(cloud, port, input as PortChange),
      remove: (port) => deletePortByRequest(cloud, port),
    }),
    ...collectionRoutes({
      plural: 'routers',
      singular: 'router',
      notFound: { type: 'RouterNotFound', message: (id) => `Router ${id} could not be found` },
      items: routers,
      create: (projectId, input) => createRouter(cloud, projectId, input as NewRouter),
      update: (router, input) => updateRouter(cloud, router, input as NewRouter),
      remove: (router) => deleteRouter(cloud, router),
    }),
    ...collectionRoutes({
      plural: 'security-groups',
      singular: 'security_group',
      notFound: { type: 'SecurityGroupNotFound', message: (id) => `Security group ${id} does not exist` },
      items: securityGroups,
      create: (projectId, input) => createSecurityGroup(cloud, projectId, input as NewSecurityGroup),
      remove: (group) => deleteSecurityGroup(cloud, group),
    }),
    ...collectionRoutes({
      plural: 'floatingips',
      singular: 'floatingip',
      notFound: { type: 'FloatingIPNotFound', message: (id) => `Floating IP ${id} could not be found` },
      items: floatingIps,
      create: (projectId, input) => createFloatingIp(cloud, projectId, input as NewFloatingIp),
      update: (floating, input) => associate(cloud, floating, (input as { port_id: string | null }).port_id),
      remove: (floating) => deleteFloatingIp(cloud, floating),
    }),
    {
      method: 'PUT',
      path: '/v2.0/routers/:id/add_router_interface',
      handle: (call, caller) => changeInterface(cloud, call, caller, 'add'),
    },
    {
      method: 'PUT',
      path: '/v2.0/routers/:id/remove_router_interface',
      handle: (call, caller) => changeInterface(cloud, call, caller, 'remove'),
    },
    {
      method: 'GET',
      path: '/v2.0/quotas/:project',
      handle: (call, caller) => quotas(cloud, call, caller, (limit) => limit),
    },
    {
      method: 'GET',
      path: '/v2.0/quotas/:project/details.json',
      handle: (call, caller) => quotas(cloud, call, caller, (limit, used) => ({ limit, used, reserved: 0 })),
    },
    { method: 'GET', path: '/v2.0/extensions', handle: () => ({ status: 200, body: { extensions: [] } }) },
  ];
}

function collectionRoutes<T extends Item>(collection: Collection<T>): Route[] {
  const { items, singular, plural } = collection;
  const path = `/v2.0/${plural}`;
  const visible = (item: T, caller: Caller) =>
    caller.isAdmin || item.project_id === caller.projectId || collection.isPublic?.(item) === true;
  const one = (call: Call, caller: Caller): T => {
    const item = items.get(param(call, 'id'));
    if (item !== undefined && visible(item, caller)) return item;
    throw new CloudError(404, collection.notFound.message(param(call, 'id')), collection.notFound.type);
  };
  const own = (call: Call, caller: Caller): T => {
    const item = one(call, projectMember(caller));
    if (item.project_id !== caller.projectId && !caller.isAdmin) throw forbidden(`${plural} of another project`);
    return item;
  };
  return [
    {
      method: 'GET',
      path,
      handle: (call, caller) => {
        const reader = projectReader(caller);
        const found = [...items.values()].filter((item) => visible(item, reader) && fits(item, call.query));
        return { status: 200, body: { [plural.replaceAll('-', '_')]: found.map(view) } };
      },
    },
    {
      method: 'POST',
      path,
      handle: (call, caller) => {
        const item = collection.create(projectMember(caller).projectId, call.body[singular] ?? {});
        return { status: 201, body: { [singular]: view(item) } };
      },
    },
    {
      method: 'GET',
      path: `${path}/:id`,
      handle: (call, caller) => ({ status: 200, body: { [singular]: view(one(call, caller)) } }),
    },
    {
      method: 'PUT',
      path: `${path}/:id`,
      handle: (call, caller) => {
        const item = own(call, caller);
        collection.update?.(item, call.body[singular] ?? {});
        return { status: 200, body: { [singular]: view(item) } };
      },
    },
    {
      method: 'DELETE',
      path: `${path}/:id`,
      handle: (call, caller) => {
        collection.remove(own(call, caller));
        return { status: 204 };
      },
    },
  ];
}

const NO_FILTERS = new Set(['fields', 'limit', 'marker', 'page_reverse', 'sort_key', 'sort_dir']);

/** Every attribute is a filter; one given several times means any of the values. */
function fits(item: object, query: URLSearchParams): boolean {
  const record = view(item);
  return [...new Set(query.keys())].every(
    (key) =>
      NO_FILTERS.has(key) ||
      (key === 'fixed_ips' && query.getAll(key).every((wanted) => hasAddress(record, wanted))) ||
      query.getAll(key).some((wanted) => String(record[key]).toLowerCase() === wanted.toLowerCase()),
  );
}

/** `subnet_id=…` or `ip_address=…`, as Neutron has it for ports. */
function hasAddress(record: Record<string, unknown>, wanted: string): boolean {
  const [name = '', value = ''] = wanted.split('=');
  const addresses = (record.fixed_ips ?? []) as Record<string, string>[];
  return addresses.some((address) => address[name] === value);
}

function view(item: object): Record<string, unknown> {
  return 'project_id' in item ? { ...item, tenant_id: item.project_id } : { ...item };
}

function changeInterface(cloud: Cloud, call: Call, caller: Caller, change: 'add' | 'remove'): Reply {
  const { projectId } = projectMember(caller);
  const router = cloud.network.routers.get(param(call, 'id'));
  if (router === undefined || (router.project_id !== projectId && !caller.isAdmin)) {
    throw new CloudError(404, `Router ${param(call, 'id')} could not be found`, 'RouterNotFound');
  }
  const subnetId = String(call.body.subnet_id);
  const subnet = cloud.network.subnets.get(subnetId);
  if (subnet === undefined) throw new CloudError(404, `Subnet ${subnetId} could not be found.`, 'SubnetNotFound');
  const port = change === 'add' ? addInterface(cloud, router, subnet) : removeInterface(cloud, router.id, subnet.id);
  return {
    status: 200,
    body: { id: router.id, subnet_id: subnet.id, port_id: port.id, network_id: subnet.network_id },
  };
}

function quotas(cloud: Cloud, call: Call, caller: Caller, present: (limit: number, used: number) => unknown): Reply {
  const projectId = param(call, 'project');
  if (caller.projectId !== projectId && !caller.isAdmin) throw forbidden('get_quota');
  const { networks, subnets, ports, routers, securityGroups, floatingIps } = cloud.network;
  const limits = cloud.quotas.limits(projectId);
  const quota = {
    network: present(limits.network, countOf(networks, projectId)),
    subnet: present(limits.subnet, countOf(subnets, projectId)),
    port: present(limits.port, countOf(ports, projectId)),
    router: present(limits.router, countOf(routers, projectId)),
    security_group: present(limits.security_group, countOf(securityGroups, projectId)),
    security_group_rule: present(limits.security_group_rule, countRules(cloud, projectId)),
    floatingip: present(limits.floatingip, countOf(floatingIps, projectId)),
  };
  return { status: 200, body: { quota } };
}
