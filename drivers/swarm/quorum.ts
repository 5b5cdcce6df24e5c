/** Raft: the Swarm can be changed while more than half of its managers agree. */
export function quorumOf(managers: number): number {
  return Math.floor(managers / 2) + 1;
}
