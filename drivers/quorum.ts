/** Raft, in Swarm as in etcd: there can be changes while more than half of the masters agree. */
export function quorumOf(masters: number): number {
  return Math.floor(masters / 2) + 1;
}
