import { BILLED } from '../bill.js';
import { commonLabels } from '../common-labels.js';
import type { LabelDefinition } from '../label-definition.js';
import { MIRROR_URL } from '../labels.js';
import { agentLabels } from './agent-labels.js';
import { EDGE_PORTS } from './edge-ports.js';

/** What a Mesos cluster understands of labels, upstream's own included. */
export const mesosLabels: Readonly<Record<string, LabelDefinition>> = {
  ...commonLabels,
  ...agentLabels,
  mesos_version: {
    type: 'text',
    like: { pattern: BILLED.mesos.version, words: `a version such as ${BILLED.mesos.example}` },
    help: 'Mesos version, such as 1.11.0. Default: the newest that there is a bill of, else what is on the image.',
  },
  mesos_mirror: {
    type: 'text',
    like: MIRROR_URL,
    help: "URL of the mirror that nodes fetch their software from. Default: the service's own, or what the image has.",
  },
  chronos_enabled: {
    type: 'boolean',
    default: 'false',
    help: 'Chronos on the masters, for batch and timed work. Default false.',
  },
  service_discovery: {
    type: 'boolean',
    default: 'false',
    help: 'Whether what Marathon starts is registered in etcd, and served by node groups of the role edge. Default false.',
  },
  edge_ports: {
    type: 'text',
    default: EDGE_PORTS.usual,
    like: EDGE_PORTS,
    help: 'Ports of the edge that applications may have, open to everybody, separated by commas. Default 80,443.',
  },
  rexray_preempt: { type: 'meaningless', help: 'REX-Ray is not installed; it is no longer maintained.' },
};
