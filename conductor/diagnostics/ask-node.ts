import type { Cluster } from '../../common/db/clusters.js';
import type { DiagnosticSource, NodeFinding } from '../../common/db/diagnostics.js';
import type { NodeTask } from '../../common/db/node-tasks.js';
import type { Node } from '../../common/db/nodes.js';
import { lastLine, scrubLog } from '../../common/scrub.js';
import { isSilent } from '../health.js';
import type { DiagnosticDeps } from './claim.js';
import { collectFromConsole } from './from-console.js';
import { collectOverSsh } from './over-ssh.js';

/** A node that tries a failed step again says so once a minute; what collects takes some seconds. */
const TASK_LIMIT_MS = 120_000;
const MAX_PROBLEM_BYTES = 400;

export interface Subject {
  finding: NodeFinding;
  /** Undefined: it has left meanwhile. */
  node: Node | undefined;
  task: NodeTask | undefined;
  /** Whether a part of it has come. */
  hasSent: boolean;
}

export interface Neighbours {
  cluster: Cluster;
  nodes: readonly Node[];
  privateKey: string | undefined;
}

/** How far its own task is: `waiting` as long as it may still come. */
export function taskState(
  deps: DiagnosticDeps,
  { node, task, hasSent }: Subject,
): 'sent' | 'waiting' | { problem: string } {
  if (node === undefined) return { problem: 'it has left the cluster' };
  if (task === undefined) return { problem: 'it has not enrolled' };
  if (task.state === 'succeeded' && hasSent) return 'sent';
  if (task.state !== 'queued') return { problem: lastLine(task.output) || 'it sent nothing' };
  const now = deps.clock.now();
  if (now - task.createdAt >= TASK_LIMIT_MS) return { problem: `not done in ${TASK_LIMIT_MS / 1000} s` };
  if (!isSilent(node, now, deps.settings.heartbeatMs)) return 'waiting';
  return { problem: 'it does not report' };
}

export interface Asked {
  finding: NodeFinding;
  /** Gzipped text. */
  bytes?: Buffer;
  /** Whoever showed a host key that is none of the cluster's. */
  foreign?: string;
}

/** A node whose own task leads nowhere: over SSH, else what Nova has of its console. It is not asked again. */
export async function askNode(
  deps: DiagnosticDeps,
  { cluster, nodes, privateKey }: Neighbours,
  { finding, node }: Subject,
  taskProblem: string,
): Promise<Asked> {
  const ended = { ...finding, isEnded: true, problems: [...finding.problems, problemOf('task', taskProblem)] };
  if (node === undefined) return { finding: ended };
  const ssh = await collectOverSsh(deps, node, nodes, privateKey);
  if (ssh.kind === 'collected') return { finding: { ...ended, source: 'ssh' }, bytes: ssh.bytes };
  ended.problems.push(problemOf('ssh', ssh.problem));
  const foreign = ssh.foreign === undefined ? {} : { foreign: ssh.foreign };
  const console = await collectFromConsole(deps, cluster, node);
  if (console.kind === 'collected')
    return { finding: { ...ended, source: 'console' }, bytes: console.bytes, ...foreign };
  ended.problems.push(problemOf('console', console.problem));
  return { finding: ended, ...foreign };
}

/** Words of nodes and services are among them. */
function problemOf(way: DiagnosticSource, words: string): string {
  return `${way}: ${scrubLog(words.replace(/\s+/g, ' '), MAX_PROBLEM_BYTES)}`;
}
