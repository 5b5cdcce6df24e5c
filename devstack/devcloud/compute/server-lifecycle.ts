import type { Cloud, Owner } from '../cloud.js';
import { CloudError } from '../cloud-error.js';
import { createPort, deletePort } from '../network/ports.js';
import { findFlavor } from './flavors.js';
import type { Server, ServerAction } from './state.js';

export interface NewServer {
  name: string;
  image: string;
  flavor: string;
  keyName?: string | undefined;
  metadata?: Record<string, string> | undefined;
  /** Base64, as the API takes it. */
  userData?: string | undefined;
  availabilityZone?: string | undefined;
  configDrive?: boolean | undefined;
  groupId?: string | undefined;
  securityGroups?: string[] | undefined;
  networks: { portId?: string | undefined; networkId?: string | undefined; fixedIp?: string | undefined }[];
}

const MAX_USER_DATA = 65_535;

/** @throws CloudError 400 for what does not exist, 403 for a quota, 409 for a port in use. */
export function createServer(cloud: Cloud, owner: Owner, input: NewServer): Server {
  const { compute } = cloud;
  const flavor = findFlavor(cloud, input.flavor);
  if (flavor === undefined) throw new CloudError(400, `Flavor ${input.flavor} could not be found.`);
  if (!cloud.images.has(input.image)) throw new CloudError(400, `Image ${input.image} could not be found.`);
  if (input.keyName !== undefined && compute.keypair(owner.userId, input.keyName) === undefined) {
    throw new CloudError(400, 'Invalid key_name provided.');
  }
  const size = input.userData?.length ?? 0;
  if (size > MAX_USER_DATA) {
    throw new CloudError(
      400,
      `User data too large. User data must be no larger than ${MAX_USER_DATA} bytes once base64 encoded. Your data is ${size} bytes`,
    );
  }
  const [defaultZone] = compute.zones;
  const { availabilityZone = defaultZone } = input;
  if (!compute.zones.includes(availabilityZone)) {
    throw new CloudError(400, 'The requested availability zone is not available');
  }
  checkQuota(cloud, owner.projectId, flavor.vcpus, flavor.ramMib);
  checkGroup(cloud, owner.projectId, input.groupId);
  const server: Server = {
    id: cloud.ids.uuid(),
    name: input.name,
    userId: owner.userId,
    projectId: owner.projectId,
    status: 'BUILD',
    fault: undefined,
    flavorId: flavor.id,
    imageId: input.image,
    keyName: input.keyName,
    metadata: input.metadata ?? {},
    userData: input.userData ?? '',
    availabilityZone,
    configDrive: input.configDrive ?? false,
    groupId: input.groupId,
    portIds: [],
    ownPortIds: [],
    createdAt: cloud.clock.now(),
    actions: [],
    playing: undefined,
  };
  noteAction(cloud, server, owner, 'create');
  connect(cloud, owner, server, input);
  compute.servers.set(server.id, server);
  startBoot(cloud, server);
  return server;
}

/** A new disk from an image: the machine begins anew, with the user data and metadata that it had. */
export function rebuildServer(cloud: Cloud, owner: Owner, server: Server, image: string): void {
  if (!cloud.images.has(image)) throw new CloudError(400, `Image ${image} could not be found.`);
  noteAction(cloud, server, owner, 'rebuild');
  server.playing?.stop();
  server.playing = undefined;
  server.imageId = image;
  server.status = 'REBUILD';
  startBoot(cloud, server);
}

function noteAction(
  { clock, ids }: Cloud,
  server: Server,
  { userId }: Pick<Owner, 'userId'>,
  action: ServerAction['action'],
): void {
  server.actions.unshift({ action, userId, requestId: `req-${ids.uuid()}`, at: clock.now() });
}

function checkQuota(cloud: Cloud, projectId: string, vcpus: number, ramMib: number): void {
  const flavors = cloud.compute.serversOf(projectId).map((server) => cloud.compute.flavors.get(server.flavorId));
  const used = {
    instances: flavors.length,
    cores: flavors.reduce((sum, flavor) => sum + (flavor?.vcpus ?? 0), 0),
    ram: flavors.reduce((sum, flavor) => sum + (flavor?.ramMib ?? 0), 0),
  };
  cloud.quotas.checkComputeQuota(projectId, { instances: 1, cores: vcpus, ram: ramMib }, used);
}

function checkGroup(cloud: Cloud, projectId: string, groupId: string | undefined): void {
  if (groupId === undefined) return;
  if (!cloud.compute.serverGroups.has(groupId))
    throw new CloudError(400, `Instance group ${groupId} could not be found.`);
  const members = [...cloud.compute.servers.values()].filter((server) => server.groupId === groupId).length;
  if (members >= cloud.quotas.limits(projectId).server_group_members) {
    throw new CloudError(403, 'Quota exceeded, too many servers in group');
  }
}

/** Takes the named ports, or makes ports on the named networks. */
function connect(cloud: Cloud, owner: Owner, server: Server, input: NewServer): void {
  const { ports } = cloud.network;
  for (const { portId } of input.networks) {
    if (portId === undefined) continue;
    const port = ports.get(portId);
    if (port === undefined) throw new CloudError(400, `Port ${portId} could not be found.`);
    if (port.device_id !== '') throw new CloudError(409, `Port ${portId} is still in use.`);
  }
  for (const wanted of input.networks) {
    const made = wanted.portId === undefined ? createOwnPort(cloud, owner, wanted, input.securityGroups) : undefined;
    const port = made ?? ports.get(wanted.portId ?? '');
    if (port === undefined) continue;
    if (made !== undefined) server.ownPortIds.push(made.id);
    server.portIds.push(port.id);
    port.device_id = server.id;
    port.device_owner = `compute:${server.availabilityZone}`;
    port.status = 'ACTIVE';
  }
}

function createOwnPort(
  cloud: Cloud,
  owner: Owner,
  wanted: NewServer['networks'][number],
  securityGroups: string[] | undefined,
): ReturnType<typeof createPort> {
  return createPort(cloud, owner.projectId, {
    network_id: wanted.networkId ?? '',
    ...(wanted.fixedIp === undefined ? {} : { fixed_ips: [{ ip_address: wanted.fixedIp }] }),
    ...(securityGroups === undefined ? {} : { security_groups: securityGroups }),
  });
}

function startBoot(cloud: Cloud, server: Server): void {
  const ordered = cloud.faults.takeServerFault(server.name);
  if (ordered === 'neverBoots') return;
  cloud.clock.after(cloud.settings.bootMs, () => {
    if (server.status !== 'BUILD' && server.status !== 'REBUILD') return;
    if (ordered !== undefined) {
      server.status = 'ERROR';
      server.fault = { code: ordered.code ?? 500, message: ordered.message, at: cloud.clock.now() };
      return;
    }
    server.status = 'ACTIVE';
    server.playing = cloud.settings.player?.({
      id: server.id,
      name: server.name,
      projectId: server.projectId,
      userData: Buffer.from(server.userData, 'base64').toString('utf8'),
      metadata: async () => ({ ...server.metadata }),
      addresses: fixedAddresses(cloud, server),
    });
  });
}

export function fixedAddresses(cloud: Cloud, server: Server): string[] {
  return server.portIds.flatMap((id) => (cloud.network.ports.get(id)?.fixed_ips ?? []).map((ip) => ip.ip_address));
}

/** Ports that the server was given are let go; those that Nova made are deleted. */
export function deleteServer(cloud: Cloud, server: Server): void {
  server.status = 'DELETED';
  server.playing?.stop();
  server.playing = undefined;
  for (const id of server.portIds) {
    const port = cloud.network.ports.get(id);
    if (port === undefined) continue;
    port.device_id = '';
    port.device_owner = '';
    port.status = 'DOWN';
    if (server.ownPortIds.includes(id)) deletePort(cloud, port);
  }
  cloud.compute.servers.delete(server.id);
}
