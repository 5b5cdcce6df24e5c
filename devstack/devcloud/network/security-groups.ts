import type { Cloud } from '../cloud.js';
import { CloudError } from '../cloud-error.js';
import { countOf } from './networks.js';
import type { SecurityGroupRecord, SecurityGroupRule } from './state.js';

export type NewRule = Partial<Omit<SecurityGroupRule, 'id'>>;

export interface NewSecurityGroup {
  name?: string;
  description?: string;
  rules?: NewRule[];
}

/** Lets everything out; `rules` say what comes in. */
export function createSecurityGroup(cloud: Cloud, projectId: string, input: NewSecurityGroup): SecurityGroupRecord {
  const { securityGroups } = cloud.network;
  cloud.quotas.checkNetworkQuota(projectId, 'security_group', countOf(securityGroups, projectId));
  const group: SecurityGroupRecord = {
    id: cloud.ids.uuid(),
    name: input.name ?? '',
    project_id: projectId,
    description: input.description ?? '',
    security_group_rules: [],
  };
  securityGroups.set(group.id, group);
  setRules(cloud, group, input.rules ?? []);
  return group;
}

/** @throws CloudError 409 `OverQuota` */
export function setRules(cloud: Cloud, group: SecurityGroupRecord, rules: NewRule[]): void {
  const outward: NewRule[] = ['IPv4', 'IPv6'].map((ethertype) => ({ direction: 'egress', ethertype }));
  const others = countRules(cloud, group.project_id) - group.security_group_rules.length;
  cloud.quotas.checkNetworkQuota(group.project_id, 'security_group_rule', others, outward.length + rules.length);
  group.security_group_rules = [...outward, ...rules].map((rule) => fullRule(cloud, rule));
}

export function countRules({ network }: Cloud, projectId: string): number {
  const groups = [...network.securityGroups.values()].filter(({ project_id }) => project_id === projectId);
  return groups.flatMap(({ security_group_rules: rules }) => rules).length;
}

/** @throws CloudError 400 for ports without a protocol. */
export function fullRule(cloud: Cloud, rule: NewRule): SecurityGroupRule {
  if (rule.port_range_min !== undefined && rule.port_range_min !== null && (rule.protocol ?? null) === null) {
    const message = 'Must also specify protocol if port range is given.';
    throw new CloudError(400, message, 'SecurityGroupProtocolRequiredWithPorts');
  }
  return {
    id: cloud.ids.uuid(),
    direction: rule.direction ?? 'ingress',
    ethertype: rule.ethertype ?? 'IPv4',
    protocol: rule.protocol ?? null,
    port_range_min: rule.port_range_min ?? null,
    port_range_max: rule.port_range_max ?? null,
    remote_ip_prefix: rule.remote_ip_prefix ?? null,
    remote_group_id: rule.remote_group_id ?? null,
  };
}

/** @throws CloudError 409 `SecurityGroupInUse` */
export function deleteSecurityGroup(cloud: Cloud, group: SecurityGroupRecord): void {
  if ([...cloud.network.ports.values()].some((port) => port.security_groups.includes(group.id))) {
    throw new CloudError(409, `Security Group ${group.id} in use.`, 'SecurityGroupInUse');
  }
  cloud.network.securityGroups.delete(group.id);
}

/** Every project has one; it is made when it is first needed. */
export function defaultSecurityGroup(cloud: Cloud, projectId: string): SecurityGroupRecord {
  const found = [...cloud.network.securityGroups.values()].find(
    (group) => group.project_id === projectId && group.name === 'default',
  );
  return found ?? createSecurityGroup(cloud, projectId, { name: 'default', description: 'Default security group' });
}
