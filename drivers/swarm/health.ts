import type { Health, NodeReport } from '../driver.js';
import { quorumOf } from '../quorum.js';
import { readyWord, seenDown } from '../witnesses.js';

/**
 * A machine that halts says nothing, and would count as silent after three heartbeats only; the managers see it within
 * seconds and say so at once.
 *
 * HEALTHY when every node is an active member and the managers agree; UNHEALTHY without a quorum or with a
 * member missing; UNKNOWN when too few managers are heard of to tell. `managers.spare` is how many more may
 * be lost.
 */
export function swarmHealth(reports: readonly NodeReport[]): Health {
  const managers = reports.filter(({ role }) => role === 'master');
  const quorum = quorumOf(managers.length);
  const heard = managers.filter(({ silent }) => !silent);
  const down = seenDown(reports, heard.filter(hasVote));
  const voting = heard.filter((manager) => hasVote(manager) && !down.has(manager.name));
  const reason: Record<string, string> = {
    api:
      voting.length >= quorum ? 'ok' : `${voting.length} of ${managers.length} managers answer, ${quorum} are needed`,
    'managers.spare': String(Math.max(0, voting.length - quorum)),
  };
  for (const report of reports) {
    reason[`${report.name}.Ready`] = down.has(report.name) ? 'False' : readyWord(report);
  }
  for (const manager of managers) {
    reason[`${manager.name}.Manager`] = down.has(manager.name) ? 'Unreachable' : managerWord(manager);
  }
  if (reports.length === 0 || heard.length < quorum) return { status: 'UNKNOWN', reason };
  const isWell = ({ name, ready, silent }: NodeReport) => ready && !silent && !down.has(name);
  const allWell = voting.length === managers.length && reports.every(isWell);
  return { status: allWell ? 'HEALTHY' : 'UNHEALTHY', reason };
}

/** Docker calls a manager an active member also when there is no leader; it can't list the members then. */
function hasVote({ ready, orchestrator }: NodeReport): boolean {
  return ready && orchestrator.managers_reachable !== undefined;
}

/** As the manager sees it: itself, and how many of all it reaches. */
function managerWord(manager: NodeReport): string {
  if (manager.silent) return 'Unknown';
  if (!manager.ready) return 'Down';
  const reached = manager.orchestrator.managers_reachable;
  return reached === undefined ? 'No leader' : `Reaches ${reached}`;
}
