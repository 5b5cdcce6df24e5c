import type { ClusterOrder, HotTemplate, Problem } from '../driver.js';
import { openPorts } from '../open-ports.js';
import { EDGE_ROLE } from './discovery.js';

/** The label `edge_ports`: which ports of the edge applications may have, and so the world may reach. */
export const EDGE_PORTS = {
  pattern: /^\d{1,5}( *, *\d{1,5}){0,31}$/,
  words: 'at most 32 ports, such as 80,443',
  usual: '80,443',
};
/** SSH, and where the node itself asks whether HAProxy is there. */
const TAKEN = [22, 8404];

type Labels = Readonly<Record<string, string>>;

export function edgePorts({ edge_ports: ports = EDGE_PORTS.usual }: Labels): number[] {
  return [...new Set(ports.split(',').map(Number))].sort((a, b) => a - b);
}

/** For a list of the right form. */
export function edgePortProblems({ labels }: Pick<ClusterOrder, 'labels'>): Problem[] {
  return edgePorts(labels)
    .filter((port) => port < 1 || port > 65_535 || TAKEN.includes(port))
    .map((port) => ({
      field: 'labels.edge_ports',
      message: TAKEN.includes(port) ? `port ${port} is the edge's own` : `${port} is no port`,
    }));
}

/** Lets everybody reach them. */
export function edgeRules(labels: Labels): HotTemplate {
  return openPorts({ role: EDGE_ROLE, rule: 'edge_port', ports: edgePorts(labels) });
}
