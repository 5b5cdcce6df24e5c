import { z } from 'zod';
import type { ClusterTemplate } from '../../common/db/cluster-templates.js';
import { labelMap, linkList, timeText, uuidText } from '../answers.js';
import { isoTime, links } from '../view-values.js';

/** Attributes that a PATCH may touch; also the order in which they are shown. */
export function templateAttributes(template: ClusterTemplate) {
  return {
    name: template.name,
    coe: template.coe,
    image_id: template.imageId,
    flavor_id: template.flavorId ?? null,
    master_flavor_id: template.masterFlavorId ?? null,
    keypair_id: template.keypairId ?? null,
    external_network_id: template.externalNetworkId ?? null,
    fixed_network: template.fixedNetwork ?? null,
    fixed_subnet: template.fixedSubnet ?? null,
    dns_nameserver: template.dnsNameserver ?? null,
    network_driver: template.networkDriver ?? null,
    volume_driver: template.volumeDriver ?? null,
    server_type: template.serverType,
    docker_volume_size: template.dockerVolumeSize ?? null,
    docker_storage_driver: template.dockerStorageDriver ?? null,
    apiserver_port: template.apiserverPort ?? null,
    http_proxy: template.httpProxy ?? null,
    https_proxy: template.httpsProxy ?? null,
    no_proxy: template.noProxy ?? null,
    labels: template.labels,
    tls_disabled: template.tlsDisabled,
    public: template.public,
    hidden: template.hidden,
    registry_enabled: template.registryEnabled,
    master_lb_enabled: template.masterLbEnabled,
    floating_ip_enabled: template.floatingIpEnabled,
    insecure_registry: template.insecureRegistry ?? null,
    tags: template.tags ?? null,
    cluster_distro: template.clusterDistro ?? null,
    driver: template.driver,
  };
}

const textOrNull = z.string().nullable();

export const templateAnswer = z.strictObject({
  uuid: uuidText,
  name: z.string(),
  coe: z.string(),
  image_id: z.string(),
  flavor_id: textOrNull,
  master_flavor_id: textOrNull,
  keypair_id: textOrNull,
  external_network_id: textOrNull,
  fixed_network: textOrNull,
  fixed_subnet: textOrNull,
  dns_nameserver: textOrNull,
  network_driver: textOrNull,
  volume_driver: textOrNull,
  server_type: z.string(),
  docker_volume_size: z.int().nullable(),
  docker_storage_driver: textOrNull,
  apiserver_port: z.int().nullable(),
  http_proxy: textOrNull,
  https_proxy: textOrNull,
  no_proxy: textOrNull,
  labels: labelMap,
  tls_disabled: z.boolean(),
  public: z.boolean(),
  hidden: z.boolean(),
  registry_enabled: z.boolean(),
  master_lb_enabled: z.boolean(),
  floating_ip_enabled: z.boolean(),
  insecure_registry: textOrNull,
  tags: textOrNull,
  cluster_distro: textOrNull,
  driver: z.string(),
  project_id: z.string(),
  user_id: z.string(),
  created_at: timeText,
  updated_at: timeText.nullable(),
  links: linkList,
});

/** Lists show the same full objects as single answers. */
export function templateView(template: ClusterTemplate, baseUrl: string) {
  return {
    uuid: template.uuid,
    ...templateAttributes(template),
    project_id: template.projectId,
    user_id: template.userId,
    created_at: isoTime(template.createdAt),
    updated_at: isoTime(template.updatedAt),
    links: links(baseUrl, `clustertemplates/${template.uuid}`),
  };
}
