import type { Cloud } from '../../cloud.js';
import {
  createLoadBalancer,
  createPart,
  deleteLoadBalancer,
  type LoadBalancerPart,
} from '../../load-balancing/load-balancers.js';
import { existing, neutronId } from './references.js';
import { type Properties, type PropertyRule, ResourceInError, type ResourceType } from './resource-type.js';

export const loadBalancer: ResourceType = {
  service: 'load-balancer',
  // Heat can't be told a port for the address: `vip_port_id` is an attribute only.
  properties: {
    name: { type: 'string', update: 'inPlace' },
    description: { type: 'string', update: 'inPlace' },
    provider: { type: 'string' },
    vip_subnet: { type: 'string', required: true, finds: existing('subnet') },
    vip_address: { type: 'string' },
    admin_state_up: { type: 'boolean', update: 'inPlace' },
    flavor: { type: 'string' },
  },
  create: (cloud, owner, properties) =>
    createLoadBalancer(cloud, owner, {
      name: String(properties.name),
      vipSubnetId: neutronId(cloud, owner, 'subnet', properties.vip_subnet),
      vipAddress: properties.vip_address as string | undefined,
    }).id,
  isReady: (cloud, id) => {
    const status = cloud.loadBalancing.loadBalancers.get(id)?.status;
    if (status === 'ERROR') throw new ResourceInError('Went to status ERROR due to "Unknown"');
    return status === 'ACTIVE';
  },
  update: (cloud, _, id, properties) => {
    const found = cloud.loadBalancing.loadBalancers.get(id);
    if (found !== undefined) found.name = String(properties.name);
  },
  remove: (cloud, id) => {
    const found = cloud.loadBalancing.loadBalancers.get(id);
    if (found !== undefined) deleteLoadBalancer(cloud, found);
  },
  attributes: (cloud, id) => {
    const found = cloud.loadBalancing.loadBalancers.get(id);
    if (found === undefined) return undefined;
    const { name, status, vipAddress, vipPortId, vipSubnetId } = found;
    return {
      name,
      provisioning_status: status,
      vip_address: vipAddress,
      vip_port_id: vipPortId,
      vip_subnet_id: vipSubnetId,
    };
  },
};

type Kind = LoadBalancerPart['kind'];

/** Parts differ in what they have, and in whose part they are. */
function part(kind: Kind, parents: string[], properties: Record<string, PropertyRule>): ResourceType {
  return {
    service: 'load-balancer',
    properties: {
      ...Object.fromEntries(parents.map((parent): [string, PropertyRule] => [parent, { type: 'string' }])),
      ...properties,
      admin_state_up: { type: 'boolean', update: 'inPlace' },
    },
    create: (cloud, _, given) => createPart(cloud, loadBalancerOf(cloud, parents, given), kind, given).id,
    update: (cloud, _, id, given) => {
      const found = cloud.loadBalancing.parts.get(id);
      if (found !== undefined) found.settings = given;
    },
    remove: (cloud, id) => {
      cloud.loadBalancing.parts.delete(id);
    },
    attributes: (cloud, id) => ({ ...cloud.loadBalancing.parts.get(id)?.settings }),
  };
}

function loadBalancerOf(cloud: Cloud, parents: string[], given: Properties): string {
  const id = parents.map((parent) => given[parent]).find((value) => value !== undefined);
  return cloud.loadBalancing.parts.get(String(id))?.loadBalancerId ?? String(id);
}

const PORT: PropertyRule = { type: 'number', required: true };
const WORD: PropertyRule = { type: 'string', required: true };
const COUNT: PropertyRule = { type: 'number', required: true, update: 'inPlace' };
const TEXT: PropertyRule = { type: 'string', update: 'inPlace' };

export const listener = part('listener', ['loadbalancer', 'default_pool'], {
  name: TEXT,
  description: TEXT,
  protocol: WORD,
  protocol_port: PORT,
  connection_limit: { type: 'number', update: 'inPlace' },
  allowed_cidrs: { type: 'list', update: 'inPlace' },
});

export const pool = part('pool', ['listener', 'loadbalancer'], {
  name: TEXT,
  description: TEXT,
  protocol: WORD,
  lb_algorithm: { ...WORD, update: 'inPlace' },
  session_persistence: { type: 'map', update: 'inPlace' },
});

export const poolMember = part('member', ['pool'], {
  address: WORD,
  protocol_port: PORT,
  subnet: { type: 'string', finds: existing('subnet') },
  weight: { type: 'number', update: 'inPlace' },
  monitor_address: { type: 'string' },
  monitor_port: { type: 'number' },
});

export const healthMonitor = part('monitor', ['pool'], {
  type: WORD,
  delay: COUNT,
  timeout: COUNT,
  max_retries: COUNT,
});
