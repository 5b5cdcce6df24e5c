import { type Cluster, clusters } from '../../common/db/clusters.js';
import type { Query } from '../../common/db/database.js';
import { COLLECT_TASK, putWhole, sourcesOf } from '../../common/db/diagnostic-pieces.js';
import { type Diagnostic, removeDiagnostics } from '../../common/db/diagnostics.js';
import { appendEvent } from '../../common/db/events.js';
import { nodeTasks } from '../../common/db/node-tasks.js';
import { type Node, nodes } from '../../common/db/nodes.js';
import { type Asked, askNode, type Neighbours, type Subject, taskState } from './ask-node.js';
import { chooseNodes, newFinding } from './choose-nodes.js';
import type { Claim, DiagnosticDeps } from './claim.js';
import { findDiagnosticsKey } from './diagnostics-key.js';
import { finish, giveUp } from './finish.js';

const LOOK_AGAIN_MS = 5000;
/** Nodes asked beside each other in one look, so that a look ends long before its claim. */
const AT_ONCE = 4;
/** After the deadline for what is there to be put together. */
const GRACE_MS = 5 * 60_000;

/**
 * One look, as far as it goes now: tasks are ordered, nodes that can't do theirs are asked otherwise, and at last what has
 * come is put together. Level-based: whoever dies in it has it done again by the next.
 */
export async function lookAtDiagnostic(deps: DiagnosticDeps, claim: Claim): Promise<void> {
  const { diagnostic } = claim;
  const now = deps.clock.now();
  const { cluster, members } = await read(deps, diagnostic);
  if (cluster === undefined) return forget(deps, diagnostic);
  if (now >= diagnostic.deadlineAt + GRACE_MS) return giveUp(deps, claim);
  if (diagnostic.state === 'queued') return begin(deps, claim, members);
  const isLate = now >= diagnostic.deadlineAt;
  if (isLate || diagnostic.findings.every(({ isEnded }) => isEnded)) return finish(deps, claim, cluster);
  await ask(deps, claim, cluster, members);
}

function read({ db }: DiagnosticDeps, { clusterId }: Diagnostic) {
  return db.read('diagnosed cluster', async (query) => ({
    cluster: await clusters.find(query, { uuid: clusterId }),
    members: await nodes.list(query, { clusterId }),
  }));
}

/** Its cluster went while it was in hand. */
async function forget({ db }: DiagnosticDeps, { uuid }: Diagnostic): Promise<void> {
  await db.transaction('forget diagnostic', (trx) => removeDiagnostics(trx, [uuid]));
}

/** Chooses the nodes, and orders their tasks: of those that have enrolled, for others never ask. */
async function begin({ clock, ids, settings }: DiagnosticDeps, claim: Claim, members: readonly Node[]): Promise<void> {
  const now = clock.now();
  const { uuid, clusterId, wanted } = claim.diagnostic;
  const chosen = chooseNodes(members, wanted, now, settings.heartbeatMs);
  const next = { state: 'collecting', findings: chosen.map(newFinding), dueAt: now, claimedUntil: undefined } as const;
  await claim.write('begin diagnostic', { ...next, findings: [...next.findings] }, async (trx) => {
    for (const node of chosen.filter(({ enrolledAt }) => enrolledAt !== undefined)) {
      const taskId = ids.uuid();
      await nodeTasks.insert(trx, {
        uuid: taskId,
        clusterId,
        nodeId: node.uuid,
        taskKey: taskKey(uuid, node.uuid),
        name: COLLECT_TASK,
        params: { diagnostic: uuid, upload: taskId },
        state: 'queued',
        output: '',
        createdAt: now,
      });
    }
  });
}

function taskKey(diagnosticId: string, nodeId: string): string {
  return `${diagnosticId}:${COLLECT_TASK}:${nodeId}`;
}

async function ask(deps: DiagnosticDeps, claim: Claim, cluster: Cluster, members: Node[]): Promise<void> {
  const { diagnostic } = claim;
  const subjects = await subjectsOf(deps, diagnostic, members);
  const asked: Promise<Asked>[] = [];
  let neighbours: Neighbours | undefined;
  for (const subject of subjects) {
    const state = taskState(deps, subject);
    if (state === 'waiting') continue;
    if (state === 'sent') {
      asked.push(Promise.resolve({ finding: { ...subject.finding, source: 'task', isEnded: true } }));
    } else if (asked.length < AT_ONCE) {
      neighbours ??= { cluster, nodes: members, privateKey: await privateKeyOf(deps, cluster) };
      asked.push(askNode(deps, neighbours, subject, state.problem));
    }
  }
  await note(deps, claim, await Promise.all(asked));
}

async function subjectsOf({ db }: DiagnosticDeps, diagnostic: Diagnostic, members: Node[]): Promise<Subject[]> {
  const { tasks, sources } = await db.read('collect tasks', async (query) => ({
    tasks: await nodeTasks.list(query, { clusterId: diagnostic.clusterId, name: COLLECT_TASK }),
    sources: await sourcesOf(query, diagnostic.uuid),
  }));
  return diagnostic.findings
    .filter(({ isEnded }) => !isEnded)
    .map((finding) => ({
      finding,
      node: members.find(({ uuid }) => uuid === finding.nodeId),
      task: tasks.find((task) => task.taskKey === taskKey(diagnostic.uuid, finding.nodeId)),
      hasSent: sources.includes(finding.nodeId),
    }));
}

function privateKeyOf({ db, sealer }: DiagnosticDeps, { uuid }: Cluster): Promise<string | undefined> {
  return db.read('diagnostics key', (query) => findDiagnosticsKey(query, sealer, uuid));
}

/** What was found out in this look, with what came. A task that nobody waits for is over. */
async function note(deps: DiagnosticDeps, claim: Claim, asked: readonly Asked[]): Promise<void> {
  const { clock, sealer } = deps;
  const { diagnostic } = claim;
  const now = clock.now();
  const news = new Map(asked.map(({ finding }) => [finding.nodeId, finding]));
  const findings = diagnostic.findings.map((finding) => news.get(finding.nodeId) ?? finding);
  const isOver = findings.every(({ isEnded }) => isEnded);
  const dueAt = isOver || asked.length >= AT_ONCE ? now : now + LOOK_AGAIN_MS;
  await claim.write('note findings', { findings, dueAt, claimedUntil: undefined }, async (trx) => {
    for (const { finding, bytes, foreign } of asked) {
      const key = taskKey(diagnostic.uuid, finding.nodeId);
      const over = { state: 'failed', output: 'not done in time', finishedAt: now } as const;
      await nodeTasks.update(trx, { taskKey: key, state: 'queued' }, over);
      const whole = { diagnosticId: diagnostic.uuid, source: finding.nodeId };
      if (bytes !== undefined) await putWhole(trx, sealer, whole, bytes);
      if (foreign !== undefined) await tellForeign(deps, trx, diagnostic, finding.name, foreign);
    }
  });
}

function tellForeign(
  { clock, ids }: DiagnosticDeps,
  trx: Query,
  { uuid, clusterId, projectId }: Diagnostic,
  name: string,
  address: string,
): Promise<void> {
  return appendEvent(trx, {
    uuid: ids.uuid(),
    clusterId,
    projectId,
    actor: 'bayou',
    kind: 'ssh_host_key_refused',
    message: `On the way to node ${name}, ${address} showed another SSH host key than the one that it enrolled with: nothing was asked of it`,
    details: { diagnostic: uuid, address },
    createdAt: clock.now(),
  });
}
