import { MASTER_ROLE } from '../../common/db/node-groups.js';
import type { ClusterSpec, Infrastructure, NodeIdentity, NodePlan } from '../driver.js';
import { LOAD_BALANCER_STEP, loadBalancerOf } from '../load-balancer.js';
import { mastersOf } from '../master-ports.js';
import { accessAddress, templateSettings } from '../node-settings.js';
import { containersVolume, volumeSteps } from '../node-volumes.js';
import { serverProfile } from '../server-profile.js';
import { apiPort } from './api-port.js';

export function planNode(spec: ClusterSpec, infrastructure: Infrastructure, node: NodeIdentity): NodePlan {
  const port = infrastructure.masterPorts[node.name];
  const { template } = spec;
  const group = spec.groups.find(({ uuid }) => uuid === node.nodeGroupId);
  const haproxy = port !== undefined && loadBalancerOf(spec) === 'haproxy';
  return {
    settings: {
      ...templateSettings(spec),
      masters: mastersOf(spec, infrastructure),
      tls_disabled: template.tlsDisabled,
      api_port: apiPort(spec),
      // Of managers. HAProxy has the same port on the shared address, so Docker must not take it on every address.
      api_host: port === undefined ? '' : haproxy ? port.address : '0.0.0.0',
      shared_address: haproxy ? (infrastructure.vip?.address ?? '') : '',
      volume_folder: '/var/lib/docker',
      container_service: 'docker',
      insecure_registry: template.insecureRegistry ?? '',
    },
    steps: [
      ...(group === undefined ? [] : volumeSteps(containersVolume(group, spec.labels))),
      'docker-install',
      ...(port !== undefined && !template.tlsDisabled ? ['docker-certificates'] : []),
      'docker-configure',
      isFirst(node) ? 'swarm-init' : 'swarm-join',
      ...(haproxy ? [LOAD_BALANCER_STEP] : []),
      ...(template.registryEnabled ? ['registry'] : []),
      'node-ready',
    ],
    certificateProfiles:
      port === undefined || template.tlsDisabled
        ? {}
        : { 'docker-server': serverProfile(node, port, infrastructure.vip) },
  };
}

/** Ordinals are never given twice: whoever comes later, in whosever place, joins the Swarm that there is. */
function isFirst({ role, ordinal }: NodeIdentity): boolean {
  return role === MASTER_ROLE && ordinal === 0;
}

export function accessUrl(spec: ClusterSpec, infrastructure: Infrastructure): string {
  return `tcp://${accessAddress(spec, infrastructure)}:${apiPort(spec)}`;
}
