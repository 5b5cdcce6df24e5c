import { healthMonitor, listener, loadBalancer, pool, poolMember } from './load-balancers.js';
import { net, router, routerInterface, subnet } from './networks.js';
import { floatingIp, floatingIpAssociation, port, securityGroup } from './ports.js';
import type { ResourceType } from './resource-type.js';
import { securityGroupRule } from './security-group-rules.js';
import { server, serverGroup } from './servers.js';
import { volume, volumeAttachment } from './volumes.js';

const TYPES: Record<string, ResourceType> = {
  'OS::Neutron::Net': net,
  'OS::Neutron::Subnet': subnet,
  'OS::Neutron::Router': router,
  'OS::Neutron::RouterInterface': routerInterface,
  'OS::Neutron::Port': port,
  'OS::Neutron::FloatingIP': floatingIp,
  'OS::Neutron::FloatingIPAssociation': floatingIpAssociation,
  'OS::Neutron::SecurityGroup': securityGroup,
  'OS::Neutron::SecurityGroupRule': securityGroupRule,
  'OS::Nova::Server': server,
  'OS::Nova::ServerGroup': serverGroup,
  'OS::Octavia::LoadBalancer': loadBalancer,
  'OS::Octavia::Listener': listener,
  'OS::Octavia::Pool': pool,
  'OS::Octavia::PoolMember': poolMember,
  'OS::Octavia::HealthMonitor': healthMonitor,
  'OS::Cinder::Volume': volume,
  'OS::Cinder::VolumeAttachment': volumeAttachment,
};

export function resourceType(name: string): ResourceType | undefined {
  return TYPES[name];
}
