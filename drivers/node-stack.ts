import type { HotResource, NodeStackInput, ServerPlan, StackPlan } from './driver.js';
import { volumeIds, volumeResources } from './node-volumes.js';

/** In the user data, for each node's own part. */
export const NODE_JSON_PLACEHOLDER = '%%BAYOU_NODE_JSON%%';
export const TICKET_PLACEHOLDER = '%%BAYOU_TICKET%%';

/**
 * A flat stack of servers: no nested stacks, no deployments, no wait conditions. The scripts are one
 * parameter that every server uses; `str_replace` puts each node's few hundred bytes into them, so the
 * request stays far below Heat's limits (template 512 KiB, request 1 MiB).
 * @param podNetwork CIDR that the nodes send from as well, for the pods on them
 */
export function planNodeStack(input: NodeStackInput, podNetwork?: string): StackPlan {
  const resources: Record<string, HotResource> = {};
  for (const server of input.servers) Object.assign(resources, serverResources(input, server, podNetwork));
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
function serverResources(
  input: NodeStackInput,
  server: ServerPlan,
  podNetwork: string | undefined,
): Record<string, HotResource> {
  const ownPort = server.portId === undefined;
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
              ...volumeIds(server.name, server.volumes),
            },
          },
        },
      },
    },
  };
  if (ownPort) {
    const port = portResource(server.name, input.networkId, input.subnetId, server.securityGroup);
    allowAddresses(port, podNetwork === undefined ? [] : [podNetwork]);
    resources[`${server.name}-port`] = port;
  }
  if (ownPort && server.floatingAddress && input.externalNetwork !== undefined) {
    resources[`${server.name}-address`] = floatingAddressResource(input.externalNetwork, `${server.name}-port`);
  }
  for (const volume of server.volumes) Object.assign(resources, volumeResources(server.name, volume, zone));
  return resources;
}

export function portResource(name: string, network: unknown, subnet: unknown, securityGroup: unknown): HotResource {
  return {
    type: 'OS::Neutron::Port',
    properties: { name, network, fixed_ips: [{ subnet }], security_groups: [securityGroup] },
  };
}

/** Neutron lets a port send from its own addresses only; others must be allowed, as addresses or networks. */
export function allowAddresses({ properties }: HotResource, addresses: readonly unknown[]): void {
  if (addresses.length === 0 || properties === undefined) return;
  properties.allowed_address_pairs = addresses.map((address) => ({ ip_address: address }));
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
