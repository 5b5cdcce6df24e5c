import { z } from 'zod';
import type { ClusterTemplate } from '../../common/db/cluster-templates.js';
import { choice, flag, integer, labels, orElse, requiredText, text, textLike } from '../fields.js';
import type { Finding } from '../validation.js';

const IPV4 = String.raw`(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}`;
const IPV4_LIST = new RegExp(`^\\s*${IPV4}(\\s*,\\s*${IPV4})*\\s*$`);

const GIB_FOR_DEVICEMAPPER = 3;

/** What a user may say of a template, in a POST or as the outcome of a PATCH. */
export const templateBody = z.strictObject({
  name: text(),
  // Drivers decide what there is.
  coe: requiredText().regex(/^[a-z][a-z0-9-]{0,62}$/, 'must be the name of an orchestrator, such as kubernetes'),
  image_id: requiredText(),
  flavor_id: text(),
  master_flavor_id: text(),
  keypair_id: text(),
  external_network_id: text(),
  fixed_network: text(),
  fixed_subnet: text(),
  dns_nameserver: textLike(IPV4_LIST, 'IPv4 addresses with commas between'),
  network_driver: text(),
  volume_driver: text(),
  server_type: orElse(choice(['vm', 'bm']), 'vm'),
  docker_volume_size: integer(1),
  docker_storage_driver: text(),
  apiserver_port: integer(1024, 65_535),
  http_proxy: text(),
  https_proxy: text(),
  no_proxy: text(),
  labels: labels(),
  tls_disabled: flag(),
  public: flag(),
  hidden: flag(),
  registry_enabled: flag(),
  master_lb_enabled: flag(),
  floating_ip_enabled: flag(),
  insecure_registry: text(),
  tags: text(),
  /** Taken from the image, whatever is said here. */
  cluster_distro: text(),
  driver: text(),
});

export type TemplateBody = z.output<typeof templateBody>;

/** Everything that a body decides by itself; name, driver and distribution are found out. */
type DecidedByBody = Omit<
  ClusterTemplate,
  | 'id'
  | 'uuid'
  | 'projectId'
  | 'userId'
  | 'name'
  | 'driver'
  | 'clusterDistro'
  | 'networkDriver'
  | 'createdAt'
  | 'updatedAt'
>;

export function templateFields(body: TemplateBody): DecidedByBody {
  return {
    coe: body.coe,
    imageId: body.image_id,
    serverType: body.server_type,
    flavorId: body.flavor_id,
    masterFlavorId: body.master_flavor_id,
    keypairId: body.keypair_id,
    externalNetworkId: body.external_network_id,
    fixedNetwork: body.fixed_network,
    fixedSubnet: body.fixed_subnet,
    dnsNameserver: body.dns_nameserver,
    volumeDriver: body.volume_driver,
    dockerStorageDriver: body.docker_storage_driver,
    dockerVolumeSize: body.docker_volume_size,
    apiserverPort: body.apiserver_port,
    httpProxy: body.http_proxy,
    httpsProxy: body.https_proxy,
    noProxy: body.no_proxy,
    insecureRegistry: body.insecure_registry,
    tags: body.tags,
    labels: body.labels ?? {},
    tlsDisabled: body.tls_disabled ?? false,
    public: body.public ?? false,
    hidden: body.hidden ?? false,
    registryEnabled: body.registry_enabled ?? false,
    masterLbEnabled: body.master_lb_enabled ?? false,
    floatingIpEnabled: body.floating_ip_enabled ?? true,
  };
}

/** Devicemapper keeps its data in a volume of its own (upstream). */
export function storageProblems(storageDriver: string | undefined, volumeSize: number | undefined): Finding[] {
  if (storageDriver !== 'devicemapper' || (volumeSize ?? 0) >= GIB_FOR_DEVICEMAPPER) return [];
  const message = `must be at least ${GIB_FOR_DEVICEMAPPER} with docker_storage_driver devicemapper`;
  return [{ field: 'docker_volume_size', message }];
}
