import type { Cloud, Owner } from '../../cloud.js';
import { CloudError } from '../../cloud-error.js';
import {
  createNetwork,
  createSubnet,
  deleteNetwork,
  deleteSubnet,
  type NewNetwork,
  type NewSubnet,
} from '../../network/networks.js';
import {
  addInterface,
  createRouter,
  deleteRouter,
  type NewRouter,
  removeInterface,
  updateRouter,
} from '../../network/routers.js';
import { existing, neutronId } from './references.js';
import type { Properties, ResourceType } from './resource-type.js';

export const net: ResourceType = {
  service: 'network',
  properties: {
    name: { type: 'string', update: 'inPlace' },
    admin_state_up: { type: 'boolean', update: 'inPlace' },
    shared: { type: 'boolean', update: 'inPlace' },
    port_security_enabled: { type: 'boolean', update: 'inPlace' },
    value_specs: { type: 'map', update: 'inPlace' },
    tags: { type: 'list', update: 'inPlace' },
  },
  create: (cloud, owner, properties) => createNetwork(cloud, owner.projectId, properties as NewNetwork).id,
  update: (cloud, _, id, properties) => {
    const network = cloud.network.networks.get(id);
    if (network !== undefined) network.name = String(properties.name);
  },
  remove: (cloud, id) => {
    const network = cloud.network.networks.get(id);
    if (network !== undefined) deleteNetwork(cloud, network);
  },
  attributes: (cloud, id) => ({ ...cloud.network.networks.get(id) }),
};

export const subnet: ResourceType = {
  service: 'network',
  properties: {
    name: { type: 'string', update: 'inPlace' },
    network: { type: 'string', required: true, finds: existing('network') },
    cidr: { type: 'string' },
    gateway_ip: { type: 'string', update: 'inPlace' },
    ip_version: { type: 'number' },
    enable_dhcp: { type: 'boolean', update: 'inPlace' },
    dns_nameservers: { type: 'list', update: 'inPlace' },
    allocation_pools: { type: 'list', update: 'inPlace', keys: ['start', 'end'] },
    host_routes: { type: 'list', update: 'inPlace', keys: ['destination', 'nexthop'] },
    tags: { type: 'list', update: 'inPlace' },
  },
  create: (cloud, owner, properties) =>
    createSubnet(cloud, owner.projectId, {
      ...properties,
      network_id: neutronId(cloud, owner, 'network', properties.network),
    } as NewSubnet).id,
  update: (cloud, _, id, properties) => {
    const found = cloud.network.subnets.get(id);
    if (found === undefined) return;
    found.name = String(properties.name);
    found.dns_nameservers = (properties.dns_nameservers as string[] | undefined) ?? [];
  },
  remove: (cloud, id) => {
    const found = cloud.network.subnets.get(id);
    if (found !== undefined) deleteSubnet(cloud, found);
  },
  attributes: (cloud, id) => ({ ...cloud.network.subnets.get(id) }),
};

export const router: ResourceType = {
  service: 'network',
  properties: {
    name: { type: 'string', update: 'inPlace' },
    admin_state_up: { type: 'boolean', update: 'inPlace' },
    external_gateway_info: { type: 'map', update: 'inPlace', keys: ['network', 'enable_snat', 'external_fixed_ips'] },
    value_specs: { type: 'map', update: 'inPlace' },
    tags: { type: 'list', update: 'inPlace' },
  },
  create: (cloud, owner, properties) => createRouter(cloud, owner.projectId, routerInput(cloud, owner, properties)).id,
  update: (cloud, owner, id, properties) => {
    const found = cloud.network.routers.get(id);
    if (found !== undefined) updateRouter(cloud, found, routerInput(cloud, owner, properties));
  },
  remove: (cloud, id) => {
    const found = cloud.network.routers.get(id);
    if (found !== undefined) deleteRouter(cloud, found);
  },
  attributes: (cloud, id) => ({ ...cloud.network.routers.get(id) }),
};

function routerInput(cloud: Cloud, owner: Owner, properties: Properties): NewRouter {
  const info = properties.external_gateway_info as { network?: string; enable_snat?: boolean } | undefined;
  const gateway =
    info?.network === undefined
      ? null
      : { network_id: neutronId(cloud, owner, 'network', info.network), enable_snat: info.enable_snat ?? true };
  return { name: String(properties.name), external_gateway_info: gateway };
}

/** Its id is in Heat's form, `<router>:subnet_id=<subnet>`. */
export const routerInterface: ResourceType = {
  service: 'network',
  properties: {
    router: { type: 'string', required: true, finds: existing('router') },
    subnet: { type: 'string', required: true, finds: existing('subnet') },
  },
  create: (cloud, owner, properties) => {
    const routerId = neutronId(cloud, owner, 'router', properties.router);
    const subnetId = neutronId(cloud, owner, 'subnet', properties.subnet);
    const [foundRouter, foundSubnet] = [cloud.network.routers.get(routerId), cloud.network.subnets.get(subnetId)];
    if (foundRouter !== undefined && foundSubnet !== undefined) addInterface(cloud, foundRouter, foundSubnet);
    return `${routerId}:subnet_id=${subnetId}`;
  },
  remove: (cloud, id) => {
    const [routerId = '', subnetId = ''] = id.split(':subnet_id=');
    try {
      removeInterface(cloud, routerId, subnetId);
    } catch (error) {
      if (!(error instanceof CloudError && error.status === 404)) throw error;
    }
  },
  attributes: () => ({}),
};
