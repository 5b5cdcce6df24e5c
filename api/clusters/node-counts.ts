import type { Minor } from '../microversion.js';
import type { Finding } from '../validation.js';

/** First version in which a cluster may have no workers. */
const ZERO_NODES: Minor = 10;

export function zeroNodesProblems(minor: Minor, nodeCount: number | undefined): Finding[] {
  if (nodeCount !== 0 || minor >= ZERO_NODES) return [];
  return [{ field: 'node_count', message: `must be at least 1 before version 1.${ZERO_NODES}` }];
}

export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
