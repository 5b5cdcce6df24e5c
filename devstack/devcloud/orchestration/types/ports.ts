import { isDeepStrictEqual } from 'node:util';
import type { Cloud, Owner } from '../../cloud.js';
import { CloudError } from '../../cloud-error.js';
import { associate, createFloatingIp, deleteFloatingIp, type NewFloatingIp } from '../../network/floating-ips.js';
import { createPort, deletePort, type NewPort, type PortChange, updatePort } from '../../network/ports.js';
import { createSecurityGroup, deleteSecurityGroup, type NewRule, setRules } from '../../network/security-groups.js';
import type { FixedIp } from '../../network/state.js';
import { existing, neutronId } from './references.js';
import { namesOf, type Properties, type ResourceType } from './resource-type.js';

export const port: ResourceType = {
  service: 'network',
  properties: {
    name: { type: 'string', update: 'inPlace' },
    network: { type: 'string', required: true, finds: existing('network') },
    fixed_ips: { type: 'list', keys: ['subnet', 'ip_address'] },
    security_groups: { type: 'list', update: 'inPlace' },
    allowed_address_pairs: { type: 'list', update: 'inPlace', keys: ['ip_address', 'mac_address'] },
    admin_state_up: { type: 'boolean', update: 'inPlace' },
    port_security_enabled: { type: 'boolean', update: 'inPlace' },
    device_id: { type: 'string', update: 'inPlace' },
    device_owner: { type: 'string', update: 'inPlace' },
    'binding:vnic_type': { type: 'string', update: 'inPlace' },
    value_specs: { type: 'map', update: 'inPlace' },
    tags: { type: 'list', update: 'inPlace' },
  },
  create: (cloud, owner, properties) => createPort(cloud, owner.projectId, portInput(cloud, owner, properties)).id,
  update: (cloud, _, id, properties) => {
    const found = cloud.network.ports.get(id);
    if (found !== undefined) updatePort(cloud, found, properties as PortChange);
  },
  remove: (cloud, id) => {
    const found = cloud.network.ports.get(id);
    if (found !== undefined) deletePort(cloud, found);
  },
  attributes: (cloud, id) => ({ ...cloud.network.ports.get(id) }),
  // A port without a subnet on its network would get no address.
  requires: (definition, template) =>
    namesOf(
      template,
      (other) =>
        other.type === 'OS::Neutron::Subnet' &&
        isDeepStrictEqual(other.properties.network, definition.properties.network),
    ),
};

function portInput(cloud: Cloud, owner: Owner, properties: Properties): NewPort {
  const fixedIps = properties.fixed_ips as { subnet?: string; ip_address?: string }[] | undefined;
  return {
    ...(properties as Partial<NewPort>),
    network_id: neutronId(cloud, owner, 'network', properties.network),
    ...(fixedIps === undefined
      ? {}
      : {
          fixed_ips: fixedIps.map(
            ({ subnet, ip_address: address }): Partial<FixedIp> => ({
              ...(subnet === undefined ? {} : { subnet_id: neutronId(cloud, owner, 'subnet', subnet) }),
              ...(address === undefined ? {} : { ip_address: address }),
            }),
          ),
        }),
  };
}

export const floatingIp: ResourceType = {
  service: 'network',
  properties: {
    floating_network: { type: 'string', required: true, finds: existing('network') },
    floating_ip_address: { type: 'string' },
    port_id: { type: 'string', update: 'inPlace' },
    value_specs: { type: 'map' },
  },
  create: (cloud, owner, properties) =>
    createFloatingIp(cloud, owner.projectId, {
      ...properties,
      floating_network_id: neutronId(cloud, owner, 'network', properties.floating_network),
    } as NewFloatingIp).id,
  update: (cloud, _, id, properties) => {
    const found = cloud.network.floatingIps.get(id);
    if (found !== undefined) associate(cloud, found, (properties.port_id as string | undefined) ?? null);
  },
  remove: (cloud, id) => {
    const found = cloud.network.floatingIps.get(id);
    if (found !== undefined) deleteFloatingIp(cloud, found);
  },
  attributes: (cloud, id) => ({ ...cloud.network.floatingIps.get(id) }),
  // It needs the way from its port to the outside; Heat looks for it in the template by itself.
  requires: (_, template) => namesOf(template, (other) => other.type === 'OS::Neutron::RouterInterface'),
};

/** Points a floating address that was made elsewhere at a port. Its id is in Heat's form, `<floating>:<port>`. */
export const floatingIpAssociation: ResourceType = {
  service: 'network',
  properties: {
    floatingip_id: { type: 'string', required: true },
    port_id: { type: 'string', required: true, update: 'inPlace' },
    fixed_ip_address: { type: 'string', update: 'inPlace' },
  },
  create: (cloud, _, properties) => {
    const [floatingId, portId] = [String(properties.floatingip_id), String(properties.port_id)];
    const found = cloud.network.floatingIps.get(floatingId);
    if (found === undefined) {
      throw new CloudError(404, `Floating IP ${floatingId} could not be found`, 'FloatingIPNotFound');
    }
    associate(cloud, found, portId);
    return `${floatingId}:${portId}`;
  },
  remove: (cloud, id) => {
    const found = cloud.network.floatingIps.get(id.split(':')[0] ?? '');
    if (found !== undefined) associate(cloud, found, null);
  },
  attributes: () => ({}),
};

export const securityGroup: ResourceType = {
  service: 'network',
  properties: {
    name: { type: 'string', update: 'inPlace' },
    description: { type: 'string', update: 'inPlace' },
    rules: {
      type: 'list',
      update: 'inPlace',
      keys: [
        'direction',
        'ethertype',
        'protocol',
        'port_range_min',
        'port_range_max',
        'remote_ip_prefix',
        'remote_group_id',
        'remote_mode',
      ],
    },
  },
  create: (cloud, owner, properties) => {
    const group = createSecurityGroup(cloud, owner.projectId, { name: String(properties.name) });
    setRules(cloud, group, rulesOf(properties, group.id));
    return group.id;
  },
  update: (cloud, _, id, properties) => {
    const group = cloud.network.securityGroups.get(id);
    if (group === undefined) return;
    group.name = String(properties.name);
    setRules(cloud, group, rulesOf(properties, id));
  },
  remove: (cloud, id) => {
    const group = cloud.network.securityGroups.get(id);
    if (group !== undefined) deleteSecurityGroup(cloud, group);
  },
  attributes: (cloud, id) => ({ ...cloud.network.securityGroups.get(id) }),
};

/** A rule with the remote mode `remote_group_id` and no group means the group itself. */
function rulesOf(properties: Properties, ownId: string): NewRule[] {
  const rules = (properties.rules ?? []) as (NewRule & { remote_mode?: string })[];
  return rules.map(({ remote_mode: mode, ...rule }) =>
    mode === 'remote_group_id' ? { ...rule, remote_group_id: rule.remote_group_id ?? ownId } : rule,
  );
}
