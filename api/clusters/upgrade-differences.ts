import type { ClusterTemplate } from '../../common/db/cluster-templates.js';

/**
 * What an upgrade can't change, and a cluster reads from its template for as long as it lives. The image may differ:
 * servers stay, and further ones get that of their group.
 */
const FIXED = {
  coe: 'coe',
  driver: 'driver',
  serverType: 'server_type',
  networkDriver: 'network_driver',
  externalNetworkId: 'external_network_id',
  dnsNameserver: 'dns_nameserver',
  tlsDisabled: 'tls_disabled',
  registryEnabled: 'registry_enabled',
  insecureRegistry: 'insecure_registry',
  dockerStorageDriver: 'docker_storage_driver',
} as const satisfies Partial<Record<keyof ClusterTemplate, string>>;

/** Each as a clause. */
export function differences(present: ClusterTemplate, wanted: ClusterTemplate): string[] {
  return (Object.keys(FIXED) as (keyof typeof FIXED)[])
    .filter((field) => present[field] !== wanted[field])
    .map((field) => `its ${FIXED[field]} is ${shown(wanted[field])} and the cluster's ${shown(present[field])}`);
}

function shown(value: string | boolean | undefined): string {
  return value === undefined ? 'left open' : String(value);
}
