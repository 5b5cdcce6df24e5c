import { CLIENT_CERTIFICATE_DAYS, MAX_CLIENT_CERTIFICATE_DAYS } from '../common/client-certificates.js';
import type { LabelDefinition } from './label-definition.js';

/** Labels of every orchestrator whose network, load balancer and servers are made as those of Swarm and Kubernetes are. */
export const commonLabels: Readonly<Record<string, LabelDefinition>> = {
  fixed_subnet_cidr: {
    type: 'cidr',
    default: '10.0.0.0/24',
    help: "Addresses of the cluster's own network. Default 10.0.0.0/24.",
  },
  availability_zone: { type: 'text', ofGroups: true, help: 'Availability zone of the servers and their volumes.' },
  [CLIENT_CERTIFICATE_DAYS]: {
    type: 'integer',
    min: 1,
    max: MAX_CLIENT_CERTIFICATE_DAYS,
    help: "Days that certificates of the cluster's users are good, as in a kubeconfig; never longer than its authority. Default: the service's own.",
  },
  docker_volume_type: {
    type: 'text',
    ofGroups: true,
    help: "Cinder type of the nodes' volumes (docker_volume_size).",
  },
  master_lb_provider: {
    type: 'choice',
    values: ['octavia', 'haproxy'],
    help: 'What stands before the masters with master_lb_enabled. Default octavia where the cloud has it, else haproxy on the masters.',
  },
  master_lb_floating_ip_enabled: {
    type: 'boolean',
    help: 'Whether the load balancer has a floating address, whatever the nodes have. Default as floating_ip_enabled.',
  },
};
