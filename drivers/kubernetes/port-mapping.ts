import type { ClusterOrder, Problem } from '../driver.js';

/**
 * The label `port_mapping`: services published on the cluster's one floating address, each by a port of its own, where
 * otherwise every service of type LoadBalancer takes an address.
 */
export interface PublishedPort {
  /** Of the shared address. */
  port: number;
  /** Of a Service of type NodePort. */
  nodePort: number;
}

export const PORT_MAPPING = {
  pattern: /^\d{1,5}:\d{1,5}( *, *\d{1,5}:\d{1,5}){0,31}$/,
  words: 'at most 32 pairs of a port and the node port of a service, such as 80:30080,443:30443',
};

/** Kubernetes' own default. */
const NODE_PORTS = { first: 30_000, last: 32_767 };
/** What masters listen on themselves, with calico's BGP. */
const TAKEN = new Set([22, 179, 2379, 2380, 6443, 10_248, 10_249, 10_250, 10_256, 10_257, 10_259]);

export function publishedPorts({ port_mapping: mapping }: Readonly<Record<string, string>>): PublishedPort[] {
  return (mapping ?? '')
    .split(',')
    .filter((pair) => pair.trim() !== '')
    .map((pair) => {
      const [port, nodePort] = pair.split(':').map(Number);
      return { port: port ?? 0, nodePort: nodePort ?? 0 };
    });
}

/** For a mapping of the right form. */
export function portMappingProblems({ labels }: Pick<ClusterOrder, 'labels'>): Problem[] {
  const ports = publishedPorts(labels);
  const problem = (message: string) => ({ field: 'labels.port_mapping', message });
  return ports.flatMap(({ port, nodePort }, index) => {
    if (port < 1 || port > 65_535) return [problem(`${port} is no port`)];
    if (TAKEN.has(port) || (port >= NODE_PORTS.first && port <= NODE_PORTS.last)) {
      return [problem(`port ${port} is Kubernetes' own on the masters`)];
    }
    if (ports.findIndex((other) => other.port === port) < index) return [problem(`port ${port} is there twice`)];
    if (nodePort >= NODE_PORTS.first && nodePort <= NODE_PORTS.last) return [];
    return [problem(`${nodePort} is no node port: they go from ${NODE_PORTS.first} to ${NODE_PORTS.last}`)];
  });
}
