import { MASTER_ROLE } from '../../common/db/node-groups.js';
import type { Health, NodeReport } from '../driver.js';
import { quorumOf } from '../quorum.js';
import { readyWord, seenDown } from '../witnesses.js';

/** ZooKeeper's own words for a server that serves. */
const SERVING = new Set(['leader', 'follower', 'standalone']);

/**
 * HEALTHY when ZooKeeper has all its members, somebody leads Mesos and Marathon, and every node is ready; UNHEALTHY without
 * that; UNKNOWN when too few masters are heard of to tell. `masters.spare` is how many more may be lost. A machine that
 * halts says nothing: the other masters miss its ZooKeeper within seconds.
 */
export function mesosHealth(reports: readonly NodeReport[]): Health {
  const masters = reports.filter(({ role }) => role === MASTER_ROLE);
  const quorum = quorumOf(masters.length);
  const heard = masters.filter(({ silent }) => !silent);
  const down = seenDown(reports, heard.filter(hasZookeeper));
  const serving = heard.filter((master) => hasZookeeper(master) && !down.has(master.name));
  const api = apiWords(serving, masters.length);
  const reason: Record<string, string> = { api, 'masters.spare': String(Math.max(0, serving.length - quorum)) };
  for (const report of reports) {
    reason[`${report.name}.Ready`] = down.has(report.name) ? 'False' : readyWord(report);
    Object.assign(reason, down.has(report.name) ? {} : partWords(report));
  }
  if (reports.length === 0 || heard.length < quorum) return { status: 'UNKNOWN', reason };
  const isWell = ({ name, ready, silent }: NodeReport) => ready && !silent && !down.has(name);
  const allWell = api === 'ok' && serving.length === masters.length && reports.every(isWell);
  return { status: allWell ? 'HEALTHY' : 'UNHEALTHY', reason };
}

function hasZookeeper({ orchestrator }: NodeReport): boolean {
  return SERVING.has(orchestrator.zookeeper ?? '');
}

/** The first thing that users would miss. */
function apiWords(serving: readonly NodeReport[], masters: number): string {
  const quorum = quorumOf(masters);
  if (serving.length < quorum) return `${serving.length} of ${masters} ZooKeepers answer, ${quorum} are needed`;
  const hasLeader = (service: 'mesos' | 'marathon') =>
    serving.some(({ orchestrator }) => orchestrator[service] === 'leader');
  if (!hasLeader('mesos')) return 'no mesos-master leads';
  return hasLeader('marathon') ? 'ok' : 'no Marathon leads';
}

/** What its health script knows of each program on it, by the name of the program. */
const PARTS: Readonly<Record<string, string>> = {
  zookeeper: 'ZooKeeper',
  mesos: 'Mesos',
  marathon: 'Marathon',
  chronos: 'Chronos',
  etcd: 'Etcd',
  registrar: 'Registrar',
  haproxy: 'Haproxy',
  watcher: 'Watcher',
};

function partWords({ name, silent, orchestrator }: NodeReport): Record<string, string> {
  const known = Object.entries(PARTS).filter(([field]) => orchestrator[field] !== undefined);
  return Object.fromEntries(
    known.map(([field, part]) => [`${name}.${part}`, silent ? 'Unknown' : (orchestrator[field] ?? '')]),
  );
}
