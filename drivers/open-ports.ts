import type { HotTemplate } from './driver.js';

/**
 * Lets everybody reach these TCP ports on the nodes of one role.
 * @param rule begins the names of the resources, to which the port is added: another name makes a rule anew
 */
export function openPorts({
  role,
  rule,
  ports,
}: {
  role: string;
  rule: string;
  ports: readonly number[];
}): HotTemplate {
  const rules = ports.map((port) => [
    `${rule}_${port}`,
    {
      type: 'OS::Neutron::SecurityGroupRule',
      properties: {
        security_group: { get_resource: `${role}_security_group` },
        protocol: 'tcp',
        port_range_min: port,
        port_range_max: port,
      },
    },
  ]);
  return { heat_template_version: '2018-08-31', resources: Object.fromEntries(rules) };
}
