import axios from 'axios';
import { findEndpoint } from '../../openstack/token.js';
import { CALL_TIMEOUT_MS, logIn } from './sessions.js';
import type { CloudTarget } from './target.js';
import type { Tenant } from './tenant.js';

/** What holds data and power in a project beside Nova, Neutron and Heat. A service that the cloud lacks holds nothing. */
const THINGS = [
  { kind: 'volumes', service: 'volumev3', path: '/volumes', key: 'volumes' },
  { kind: 'load balancers', service: 'load-balancer', path: '/lbaas/loadbalancers', key: 'loadbalancers' },
  { kind: 'containers', service: 'object-store', path: '?format=json', key: undefined },
  { kind: 'secrets', service: 'key-manager', path: '/v1/secrets', key: 'secrets' },
  { kind: 'secret containers', service: 'key-manager', path: '/v1/containers', key: 'containers' },
];

interface Item {
  id?: string;
  name?: string | null;
}

/** Names by kind, as the tenant itself sees them; kinds of which there are none are left out. */
export async function storageLeft(target: CloudTarget, tenant: Tenant): Promise<Record<string, string[]>> {
  const { token, catalog } = await logIn(target, tenant.credentials);
  const headers = { 'X-Auth-Token': token };
  const found: Record<string, string[]> = {};
  for (const { kind, service, path, key } of THINGS) {
    const url = findEndpoint(catalog, service, { region: target.region, interface: 'public' });
    if (url === undefined) continue;
    const { data } = await axios.get(`${url}${path}`, { headers, timeout: CALL_TIMEOUT_MS });
    // Of an account that was never used Swift says nothing at all (204).
    const items: Item[] = (key === undefined ? data : data[key]) || [];
    const names = items.map(({ name, id }) => name ?? id ?? '?');
    if (names.length > 0) found[kind] = names;
  }
  return found;
}
