import type { HotResource, NodeStackInput, ServerPlan, StackPlan, VolumePlan } from './driver.js';

/** In the user data, for each node's own part. */
export const NODE_JSON_PLACEHOLDER = '%%BAYOU_NODE_JSON%%';
export const TICKET_PLACEHOLDER = '%%BAYOU_TICKET%%';
/** The id of the node's volume for Docker; nothing without one. */
export const VOLUME_PLACEHOLDER = '%%BAYOU_VOLUME%%';

/**
 * A flat stack of servers: no nested stacks, no deployments, no wait conditions. The scripts are one
 * parameter that every server uses; `str_replace` puts each node's few hundred bytes into them, so the
 * request stays far below Heat's limits (template 512 KiB, request 1 MiB).
 */
export function planNodeStack(input: NodeStackInput): StackPlan {
  const resources: Record<string, HotResource> = {};
  for (const server of input.servers) Object.assign(resources, serverResources(input, server));
  return {
    template: {
      heat_template_version: '2018-08-31',
      description: 'Nodes of a container cluster, made by Bayou',
      parameters: { user_data: { type: 'string' } },
      resources,
    },
    parameters: { user_data: input.userData },
  };
}

/** Resource names are the node's name with its role, so Heat's messages name the node. */
function serverResources(input: NodeStackInput, server: ServerPlan): Record<string, HotResource> {
  const ownPort = server.portId === undefined;
  const { volume } = server;
  const volumeName = `${server.name}-volume`;
  const zone = input.availabilityZone === undefined ? {} : { availability_zone: input.availabilityZone };
  const resources: Record<string, HotResource> = {
    [server.name]: {
      type: 'OS::Nova::Server',
      properties: {
        name: server.name,
        flavor: server.flavor,
        image: server.image,
        networks: [{ port: ownPort ? { get_resource: `${server.name}-port` } : server.portId }],
        ...(input.keyName === undefined ? {} : { key_name: input.keyName }),
        ...zone,
        metadata: input.metadata,
        user_data_format: 'RAW',
        // REPLACE, the default, would put a new machine in the place of a running one.
        user_data_update_policy: 'IGNORE',
        user_data: {
          str_replace: {
            template: { get_param: 'user_data' },
            params: {
              [NODE_JSON_PLACEHOLDER]: server.nodeJson,
              [TICKET_PLACEHOLDER]: server.ticket,
              [VOLUME_PLACEHOLDER]: volume === undefined ? '' : { get_resource: volumeName },
            },
          },
        },
      },
    },
  };
  if (ownPort) {
    resources[`${server.name}-port`] = portResource(server.name, input.networkId, input.subnetId, server.securityGroup);
  }
  if (ownPort && server.floatingAddress && input.externalNetwork !== undefined) {
    resources[`${server.name}-address`] = floatingAddressResource(input.externalNetwork, `${server.name}-port`);
  }
  if (volume !== undefined) Object.assign(resources, volumeResources(server.name, volumeName, volume, zone));
  return resources;
}

/** Made before its server, which is told its id, and attached to it. Both go with the server. */
function volumeResources(
  serverName: string,
  volumeName: string,
  volume: VolumePlan,
  zone: object,
): Record<string, HotResource> {
  return {
    [volumeName]: {
      type: 'OS::Cinder::Volume',
      properties: {
        name: volumeName,
        size: volume.sizeGib,
        ...(volume.type === undefined ? {} : { volume_type: volume.type }),
        ...zone,
      },
    },
    [`${volumeName}-attachment`]: {
      type: 'OS::Cinder::VolumeAttachment',
      properties: { instance_uuid: { get_resource: serverName }, volume_id: { get_resource: volumeName } },
    },
  };
}

export function portResource(name: string, network: unknown, subnet: unknown, securityGroup: unknown): HotResource {
  return {
    type: 'OS::Neutron::Port',
    properties: { name, network, fixed_ips: [{ subnet }], security_groups: [securityGroup] },
  };
}

/** Without a port it is only reserved. */
export function floatingAddressResource(
  externalNetwork: unknown,
  portName: string | undefined,
  dependsOn?: string,
): HotResource {
  return {
    type: 'OS::Neutron::FloatingIP',
    ...(dependsOn === undefined ? {} : { depends_on: dependsOn }),
    properties: {
      floating_network: externalNetwork,
      ...(portName === undefined ? {} : { port_id: { get_resource: portName } }),
    },
  };
}
