import type { Cloud } from '../cloud.js';
import { seedId } from '../seed-id.js';
import type { Caller } from './callers.js';

export const REGION = 'RegionOne';

interface CatalogEntry {
  type: string;
  name: string;
  /** After the cloud's address. Undefined: nobody runs that service. */
  url: (cloud: Cloud, projectId: string) => string | undefined;
}

const SERVICES: CatalogEntry[] = [
  { type: 'identity', name: 'keystone', url: (cloud) => `${cloud.url}/identity` },
  { type: 'image', name: 'glance', url: (cloud) => `${cloud.url}/image` },
  { type: 'compute', name: 'nova', url: (cloud) => `${cloud.url}/compute/v2.1` },
  { type: 'network', name: 'neutron', url: (cloud) => `${cloud.url}/network` },
  { type: 'orchestration', name: 'heat', url: (cloud, projectId) => `${cloud.url}/orchestration/v1/${projectId}` },
  {
    type: 'load-balancer',
    name: 'octavia',
    // Only load balancers themselves answer here: what is in them is made through Heat, as Bayou does.
    url: (cloud) => (cloud.settings.loadBalancers ? `${cloud.url}/load-balancer` : undefined),
  },
  {
    type: 'object-store',
    name: 'swift',
    url: (cloud, projectId) =>
      cloud.settings.objectStore ? `${cloud.url}/object-store/v1/AUTH_${projectId}` : undefined,
  },
  {
    type: 'block-storage',
    name: 'cinder',
    url: (cloud, projectId) => (cloud.settings.blockStorage ? `${cloud.url}/block-storage/v3/${projectId}` : undefined),
  },
  { type: 'container-infra', name: 'magnum', url: (cloud) => cloud.settings.containerInfraUrl },
];

export function catalog(cloud: Cloud, caller: Caller): unknown[] {
  return SERVICES.flatMap(({ type, name, url }) => {
    const address = url(cloud, caller.projectId ?? '');
    if (address === undefined) return [];
    const endpoints = ['public', 'internal', 'admin'].map((kind) => ({
      id: seedId(`endpoint ${type} ${kind}`),
      interface: kind,
      region: REGION,
      region_id: REGION,
      url: address,
    }));
    return [{ id: seedId(`service ${type}`), type, name, endpoints }];
  });
}
