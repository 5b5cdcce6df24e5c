import { isTrue } from '../labels.js';

/** Groups of this role have HAProxy, with what runs in the cluster, and no agent. */
export const EDGE_ROLE = 'edge';

/** Whether what Marathon starts is registered in etcd. */
export function hasDiscovery(labels: Readonly<Record<string, string>>): boolean {
  return isTrue(labels.service_discovery);
}
