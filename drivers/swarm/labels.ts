import type { LabelDefinition } from '../driver.js';

/** What a Swarm understands of labels, upstream's own included. */
export const swarmLabels: Readonly<Record<string, LabelDefinition>> = {
  fixed_subnet_cidr: { type: 'cidr', help: "Addresses of the cluster's own network. Default 10.0.0.0/24." },
  availability_zone: { type: 'text', help: 'Availability zone of the servers and their volumes.' },
  docker_volume_type: { type: 'text', help: "Cinder type of the nodes' volumes (docker_volume_size)." },
  master_lb_provider: {
    type: 'choice',
    values: ['octavia', 'haproxy'],
    help: 'What stands before the managers with master_lb_enabled. Default octavia where the cloud has it, else haproxy on the managers.',
  },
  master_lb_floating_ip_enabled: {
    type: 'boolean',
    help: 'A floating address for the load balancer although the nodes have none. Default as floating_ip_enabled.',
  },
  swarm_strategy: {
    type: 'meaningless',
    help: 'Swarm mode always spreads; the strategy was a setting of standalone Swarm.',
  },
  rexray_preempt: { type: 'meaningless', help: 'REX-Ray is not installed; it is no longer maintained.' },
  flannel_network_cidr: { type: 'meaningless', help: "Swarm's own overlay network is used, not flannel." },
  flannel_network_subnetlen: { type: 'meaningless', help: "Swarm's own overlay network is used, not flannel." },
  flannel_backend: { type: 'meaningless', help: "Swarm's own overlay network is used, not flannel." },
};
