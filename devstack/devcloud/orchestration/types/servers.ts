import { isDeepStrictEqual } from 'node:util';
import type { Cloud, Owner } from '../../cloud.js';
import { CloudError } from '../../cloud-error.js';
import { findFlavor } from '../../compute/flavors.js';
import { createServer, deleteServer, fixedAddresses, type NewServer } from '../../compute/server-lifecycle.js';
import { addressesByNetwork } from '../../compute/servers.js';
import { findImage } from '../../image/images.js';
import { existingFlavor, existingImage, existingKeypair, neutronId } from './references.js';
import { namesOf, type Properties, ResourceInError, type ResourceType } from './resource-type.js';

interface ServerProperties {
  name: string;
  image: string;
  flavor: string;
  key_name?: string;
  metadata?: Record<string, unknown>;
  user_data?: string;
  user_data_update_policy?: 'REPLACE' | 'IGNORE';
  availability_zone?: string;
  config_drive?: boolean;
  scheduler_hints?: { group?: string };
  security_groups?: string[];
  networks?: { port?: string; network?: string; fixed_ip?: string }[];
}

export const server: ResourceType = {
  service: 'compute',
  properties: {
    name: { type: 'string', update: 'inPlace' },
    image: { type: 'string', finds: existingImage },
    flavor: { type: 'string', required: true, update: 'inPlace', finds: existingFlavor },
    key_name: { type: 'string', finds: existingKeypair },
    networks: { type: 'list', update: 'inPlace', keys: ['port', 'network', 'fixed_ip', 'subnet', 'tag'] },
    security_groups: { type: 'list' },
    user_data: { type: 'string' },
    user_data_format: { type: 'string' },
    user_data_update_policy: { type: 'string', update: 'inPlace' },
    metadata: { type: 'map', update: 'inPlace' },
    availability_zone: { type: 'string' },
    config_drive: { type: 'boolean' },
    scheduler_hints: { type: 'map' },
    tags: { type: 'list', update: 'inPlace' },
  },
  create: (cloud, owner, properties) => createServer(cloud, owner, serverInput(cloud, owner, properties)).id,
  isReady: (cloud, id) => {
    const found = cloud.compute.servers.get(id);
    if (found?.status === 'ACTIVE') return true;
    if (found?.status === 'BUILD' || found?.status === 'REBUILD') return false;
    const { message = 'Unknown', code = 'Unknown' } = found?.fault ?? {};
    throw new ResourceInError(`Went to status ERROR due to "Message: ${message}, Code: ${code}"`);
  },
  staysOn: (changed, properties) =>
    changed.every((name) =>
      name === 'user_data'
        ? (properties as unknown as ServerProperties).user_data_update_policy === 'IGNORE'
        : server.properties[name]?.update === 'inPlace',
    ),
  update: (cloud, _, id, properties, changed) => {
    const found = cloud.compute.servers.get(id);
    if (found === undefined) throw new CloudError(404, `Instance ${id} could not be found.`);
    const input = properties as unknown as ServerProperties;
    found.name = input.name;
    // Heat compares with what it was last asked for, and not with what others have added in Nova.
    if (changed.includes('metadata')) found.metadata = metadataOf(input);
    found.flavorId = findFlavor(cloud, input.flavor)?.id ?? found.flavorId;
    if (changed.includes('networks')) {
      throw new CloudError(501, 'The development cloud does not plug ports into a running server.');
    }
  },
  remove: (cloud, id) => {
    const found = cloud.compute.servers.get(id);
    if (found !== undefined) deleteServer(cloud, found);
  },
  attributes: (cloud, id) => {
    const found = cloud.compute.servers.get(id);
    if (found === undefined) return undefined;
    const addresses = addressesByNetwork(cloud, found) as Record<string, { addr: string }[]>;
    const networks = Object.entries(addresses).map(([name, list]) => [name, list.map(({ addr }) => addr)]);
    return {
      name: found.name,
      first_address: fixedAddresses(cloud, found)[0],
      networks: Object.fromEntries(networks),
      addresses,
    };
  },
  requires: (definition, template) => {
    const networks = (definition.properties.networks ?? []) as { network?: unknown }[];
    return namesOf(
      template,
      (other) =>
        other.type === 'OS::Neutron::Subnet' &&
        networks.some(({ network }) => network !== undefined && isDeepStrictEqual(network, other.properties.network)),
    );
  },
};

function serverInput(cloud: Cloud, owner: Owner, properties: Properties): NewServer {
  const input = properties as unknown as ServerProperties;
  return {
    name: input.name,
    image: findImage(cloud, input.image)?.id ?? input.image,
    flavor: input.flavor,
    keyName: input.key_name,
    metadata: metadataOf(input),
    userData: input.user_data === undefined ? undefined : Buffer.from(input.user_data).toString('base64'),
    availabilityZone: input.availability_zone,
    configDrive: input.config_drive,
    groupId: input.scheduler_hints?.group,
    securityGroups: input.security_groups,
    networks: (input.networks ?? []).map((network) => ({
      portId: network.port === undefined ? undefined : neutronId(cloud, owner, 'port', network.port),
      networkId: network.network === undefined ? undefined : neutronId(cloud, owner, 'network', network.network),
      fixedIp: network.fixed_ip,
    })),
  };
}

function metadataOf(input: ServerProperties): Record<string, string> {
  return Object.fromEntries(Object.entries(input.metadata ?? {}).map(([key, value]) => [key, String(value)]));
}

export const serverGroup: ResourceType = {
  service: 'compute',
  properties: {
    name: { type: 'string' },
    policies: { type: 'list' },
    rules: { type: 'map', keys: ['max_server_per_host'] },
  },
  create: (cloud, owner, properties) => {
    const { serverGroups } = cloud.compute;
    const used = [...serverGroups.values()].filter((group) => group.projectId === owner.projectId).length;
    if (used >= cloud.quotas.limits(owner.projectId).server_groups) {
      throw new CloudError(403, 'Quota exceeded, too many server groups.');
    }
    const id = cloud.ids.uuid();
    const policies = (properties.policies as string[] | undefined) ?? ['anti-affinity'];
    const { userId, projectId } = owner;
    serverGroups.set(id, { id, name: String(properties.name), policies, userId, projectId });
    return id;
  },
  remove: (cloud, id) => {
    cloud.compute.serverGroups.delete(id);
  },
  attributes: (cloud, id) => ({ ...cloud.compute.serverGroups.get(id) }),
};
