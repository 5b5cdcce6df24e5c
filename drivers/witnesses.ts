import type { NodeReport } from './driver.js';

/** What most of the other witnesses say is down: one of them may be down itself, and what it said last be old. */
export function seenDown(reports: readonly NodeReport[], witnesses: readonly NodeReport[]): Set<string> {
  const names = reports.map(({ name }) => name);
  return new Set(
    names.filter((name) => {
      const others = witnesses.filter((witness) => witness.name !== name);
      const saying = others.filter(({ orchestrator }) => (orchestrator.nodes_down ?? '').split(',').includes(name));
      return saying.length > others.length / 2;
    }),
  );
}

/** A node by its own report, in Kubernetes' words. */
export function readyWord({ silent, ready }: NodeReport): string {
  if (silent) return 'Unknown';
  return ready ? 'True' : 'False';
}
