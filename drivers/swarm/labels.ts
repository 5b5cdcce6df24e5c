import { commonLabels } from '../common-labels.js';
import type { LabelDefinition } from '../label-definition.js';

/** What a Swarm understands of labels, upstream's own included. */
export const swarmLabels: Readonly<Record<string, LabelDefinition>> = {
  ...commonLabels,
  swarm_strategy: {
    type: 'meaningless',
    help: 'Swarm mode always spreads; the strategy was a setting of standalone Swarm.',
  },
  rexray_preempt: { type: 'meaningless', help: 'REX-Ray is not installed; it is no longer maintained.' },
  flannel_network_cidr: { type: 'meaningless', help: "Swarm's own overlay network is used, not flannel." },
  flannel_network_subnetlen: { type: 'meaningless', help: "Swarm's own overlay network is used, not flannel." },
  flannel_backend: { type: 'meaningless', help: "Swarm's own overlay network is used, not flannel." },
};
