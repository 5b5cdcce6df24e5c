import type { Health, NodeReport } from '../driver.js';
import { quorumOf } from '../quorum.js';
import { readyWord, seenDown } from '../witnesses.js';

/**
 * HEALTHY when the API answers on every master, etcd has all its members and every node is Ready; UNHEALTHY without a
 * quorum or with a node that is not; UNKNOWN when too few masters are heard of to tell. A machine that halts says
 * nothing: the other masters miss its API and etcd within seconds, and its node some 40 s later.
 */
export function kubernetesHealth(reports: readonly NodeReport[]): Health {
  const masters = reports.filter(({ role }) => role === 'master');
  const quorum = quorumOf(masters.length);
  const heard = masters.filter(({ silent }) => !silent);
  const answering = heard.filter(({ orchestrator }) => orchestrator.api === 'ok');
  const down = seenDown(reports, answering);
  const serving = answering.filter(({ name }) => !down.has(name));
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

/** By name, as a master that serves sees them. The cluster is as well without. */
function missingAddons([master]: readonly NodeReport[]): string[] {
  const missing = master?.orchestrator.addons_missing ?? '';
  return missing.split(',').filter((name) => /^[a-z0-9][a-z0-9-]{0,62}$/.test(name));
}

function apiWord(master: NodeReport): string {
  if (master.silent) return 'Unknown';
  return master.orchestrator.api ?? 'Down';
}
