import type { Cloud } from '../../cloud.js';
import { CloudError } from '../../cloud-error.js';
import { countRules, fullRule } from '../../network/security-groups.js';
import type { SecurityGroupRecord } from '../../network/state.js';
import type { ResourceType } from './resource-type.js';

/** One rule apart from its group, for groups that name each other. Heat takes no change of one in place. */
export const securityGroupRule: ResourceType = {
  service: 'network',
  properties: {
    security_group: { type: 'string', required: true },
    description: { type: 'string' },
    direction: { type: 'string' },
    ethertype: { type: 'string' },
    protocol: { type: 'string' },
    port_range_min: { type: 'number' },
    port_range_max: { type: 'number' },
    remote_group: { type: 'string' },
    remote_ip_prefix: { type: 'string' },
  },
  create: (cloud, _, { security_group: groupId, remote_group: remoteGroup, ...rule }) => {
    const group = groupOf(cloud, String(groupId));
    const { description: _description, ...wanted } = rule;
    const remote = remoteGroup === undefined ? {} : { remote_group_id: groupOf(cloud, String(remoteGroup)).id };
    // Heat's default.
    cloud.quotas.checkNetworkQuota(group.project_id, 'security_group_rule', countRules(cloud, group.project_id));
    const made = fullRule(cloud, { protocol: 'tcp', ...wanted, ...remote });
    group.security_group_rules.push(made);
    return made.id;
  },
  remove: (cloud, id) => {
    for (const group of cloud.network.securityGroups.values()) {
      group.security_group_rules = group.security_group_rules.filter((rule) => rule.id !== id);
    }
  },
  attributes: () => ({}),
};

function groupOf(cloud: Cloud, id: string): SecurityGroupRecord {
  const group = cloud.network.securityGroups.get(id);
  if (group === undefined) throw new CloudError(404, `Security group ${id} does not exist`, 'SecurityGroupNotFound');
  return group;
}
