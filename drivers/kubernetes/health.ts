import type { Health, NodeReport } from '../driver.js';
import { quorumOf } from '../quorum.js';

/**
 * HEALTHY when the API answers on every master, etcd has all its members and every node is Ready; UNHEALTHY without a
 * quorum or with a node that is not; UNKNOWN when too few masters are heard of to tell. A machine that halts says
 * nothing: the other masters miss its API and etcd within seconds, and its node some 40 s later.
 */
export function kubernetesHealth(reports: readonly NodeReport[]): Health {
  const masters = reports.filter(({ role }) => role === 'master');
  const quorum = quorumOf(masters.length);
  const heard = masters.filter(({ silent }) => !silent);
  const down = seenDown(reports, heard);
  const serving = heard.filter(({ name, orchestrator }) => orchestrator.api === 'ok' && !down.has(name));
  const reason: Record<string, string> = {
    api: serving.length > 0 ? 'ok' : 'no master answers',
    'masters.spare': String(Math.max(0, serving.length - quorum)),
  };
  for (const report of reports) reason[`${report.name}.Ready`] = down.has(report.name) ? 'False' : readyWord(report);
  for (const master of masters) {
    reason[`${master.name}.Api`] = down.has(master.name) ? 'Unreachable' : apiWord(master);
  }
  for (const addon of missingAddons(serving)) reason[`addon.${addon}`] = 'not available';
  if (reports.length === 0 || heard.length < quorum) return { status: 'UNKNOWN', reason };
  const isWell = ({ name, ready, silent }: NodeReport) => ready && !silent && !down.has(name);
  const allWell = serving.length === masters.length && reports.every(isWell);
  return { status: allWell ? 'HEALTHY' : 'UNHEALTHY', reason };
}

/** What most of the other masters miss: one of them may be cut off itself. */
function seenDown(reports: readonly NodeReport[], witnesses: readonly NodeReport[]): Set<string> {
  const names = reports.map(({ name }) => name);
  return new Set(
    names.filter((name) => {
      const others = witnesses.filter((witness) => witness.name !== name && witness.orchestrator.api === 'ok');
      const saying = others.filter(({ orchestrator }) => (orchestrator.nodes_down ?? '').split(',').includes(name));
      return saying.length > others.length / 2;
    }),
  );
}

/** By name, as a master that serves sees them. The cluster is as well without. */
function missingAddons([master]: readonly NodeReport[]): string[] {
  const missing = master?.orchestrator.addons_missing ?? '';
  return missing.split(',').filter((name) => /^[a-z0-9][a-z0-9-]{0,62}$/.test(name));
}

function readyWord({ silent, ready }: NodeReport): string {
  if (silent) return 'Unknown';
  return ready ? 'True' : 'False';
}

function apiWord(master: NodeReport): string {
  if (master.silent) return 'Unknown';
  return master.orchestrator.api ?? 'Down';
}
