import { isIP } from 'node:net';
import { z } from 'zod';
import type { Query } from '../../common/db/database.js';
import { nodeTasks, TASKS_AT_ONCE } from '../../common/db/node-tasks.js';
import { type Node, type NodeLoad, nodes } from '../../common/db/nodes.js';
import { ServiceError } from '../../common/errors.js';
import { scrubLog } from '../../common/scrub.js';
import { requestKeyHash } from '../../common/x509.js';
import { parseBody } from './body.js';
import type { Answer, ListenerContext, NodeCall } from './context.js';
import { sshHostKeySchema } from './enrol.js';
import type { NodeView } from './node-view.js';
import { lockNode, tell, writeReport } from './node-writes.js';
import { signIdentity } from './signing.js';
import { MAX_LOG_TAIL_BYTES } from './steps.js';

const percent = z.number().min(0).max(100).optional();
const address = z.string().refine((text) => isIP(text) > 0, 'is not an IP address');

const schema = z.object({
  ready: z.boolean(),
  addresses: z.object({ private: address.optional() }).optional(),
  load: z.object({ cpu_percent: percent, memory_percent: percent, disk_percent: percent }).optional(),
  orchestrator: z
    .record(z.string().regex(/^[a-z][a-z0-9_]{0,63}$/), z.string().max(256))
    .refine((report) => Object.keys(report).length <= 16, 'has more than 16 entries')
    .optional(),
  tasks: z
    .array(z.object({ id: z.uuid(), state: z.enum(['succeeded', 'failed']), output: z.string().default('') }))
    .max(20)
    .optional(),
  ssh_host_key: sshHostKeySchema.optional(),
  csr: z.string().optional(),
});

type Report = z.output<typeof schema>;

/** While an operation of the cluster is open, its nodes are asked more often. */
const BUSY_SECONDS = 5;
/** Load moves all the time; a change of this many per cent is worth a write. */
const LOAD_STEP_PERCENT = 10;

/**
 * A node says that it is there and how it is. What has changed is written at once; without news only `last_seen` is,
 * later and together with others. The answer brings tasks, and a new certificate when the node asks for one in time.
 */
export async function heartbeat(context: ListenerContext, call: NodeCall): Promise<Answer> {
  const { node } = call;
  const report = parseBody(schema, call.body);
  const { config } = context;
  const changes = findChanges(node, report);
  if (Object.keys(changes).length > 0 || (report.tasks ?? []).length > 0) {
    await writeReport(context, 'heartbeat', node.clusterId, (trx, now) =>
      write(context, trx, node, report, changes, now),
    );
  }
  return {
    body: {
      interval_seconds: node.operationOpen ? Math.min(config.heartbeatSeconds, BUSY_SECONDS) : config.heartbeatSeconds,
      tasks: node.tasksQueued ? await queuedTasks(context, node) : [],
      ...(await renewed(context, call, report.csr)),
    },
  };
}

type Changes = Partial<Pick<Node, 'addresses' | 'load' | 'orchestrator' | 'ready' | 'sshHostKey'>>;

function findChanges(node: NodeView, report: Report): Changes {
  const changes: Changes = {};
  if (report.ready !== node.ready) changes.ready = report.ready;
  const { orchestrator = node.orchestrator, ssh_host_key: sshHostKey } = report;
  if (sorted(orchestrator) !== sorted(node.orchestrator)) changes.orchestrator = orchestrator;
  // What the cloud says of addresses counts more than what a node says.
  const privateAddress = report.addresses?.private;
  if (privateAddress !== undefined && node.addresses.private === undefined) {
    changes.addresses = { ...node.addresses, private: privateAddress };
  }
  if (sshHostKey !== undefined && node.sshHostKey === undefined) changes.sshHostKey = sshHostKey;
  const load = loadOf(report);
  if (hasMoved(node.load, load)) changes.load = load;
  return changes;
}

function sorted(report: Record<string, string>): string {
  return JSON.stringify(Object.entries(report).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function loadOf({ load = {} }: Report): NodeLoad {
  return {
    ...(load.cpu_percent === undefined ? {} : { cpuPercent: load.cpu_percent }),
    ...(load.memory_percent === undefined ? {} : { memoryPercent: load.memory_percent }),
    ...(load.disk_percent === undefined ? {} : { diskPercent: load.disk_percent }),
  };
}

function hasMoved(before: NodeLoad, after: NodeLoad): boolean {
  const measures = Object.keys(after) as (keyof NodeLoad)[];
  return measures.some((measure) => {
    const old = before[measure];
    return old === undefined || Math.abs(old - (after[measure] ?? 0)) >= LOAD_STEP_PERCENT;
  });
}

async function write(
  context: ListenerContext,
  trx: Query,
  node: NodeView,
  report: Report,
  changes: Changes,
  now: number,
): Promise<{ news: boolean }> {
  const row = await lockNode(trx, node.uuid, now);
  await nodes.update(trx, { uuid: node.uuid }, { ...changes, lastSeen: now, reportedAt: now });
  const answered = await answerTasks(trx, node, report, now);
  if (changes.ready !== undefined && changes.ready !== row.ready) {
    const [kind, words] = changes.ready ? ['node_ready', 'is ready'] : ['node_not_ready', 'is not ready any more'];
    await tell(context, trx, row, { kind, message: `Node ${row.name} ${words}` });
  }
  const { load: _load, ...others } = changes;
  return { news: answered > 0 || Object.keys(others).length > 0 };
}

/** Answers that came before count; so do those of other nodes: not at all. */
async function answerTasks(trx: Query, node: NodeView, report: Report, now: number): Promise<number> {
  let answered = 0;
  for (const { id, state, output } of report.tasks ?? []) {
    answered += await nodeTasks.update(
      trx,
      { uuid: id, nodeId: node.uuid, state: 'queued' },
      { state, output: scrubLog(output, MAX_LOG_TAIL_BYTES), finishedAt: now },
    );
  }
  return answered;
}

async function queuedTasks(context: ListenerContext, node: NodeView): Promise<object[]> {
  const queued = await context.deps.db.read('node-tasks', (query) =>
    nodeTasks.rows(query).where({ node_id: node.uuid, state: 'queued' }).orderBy('id').limit(TASKS_AT_ONCE),
  );
  return nodeTasks.fromRows(queued).map(({ uuid, name, params }) => ({ id: uuid, name, params }));
}

/** In the second half of its certificate's life a node gets the next one, for the key that it enrolled with. */
async function renewed(context: ListenerContext, call: NodeCall, csr: string | undefined): Promise<object> {
  const halfLifeMs = (context.config.certificateDays * 24 * 3_600_000) / 2;
  if (csr === undefined || call.certificateNotAfter - context.deps.clock.now() > halfLifeMs) return {};
  if ((await requestKeyHash(csr)) !== call.node.enrolledKey) {
    throw new ServiceError('invalid', 'csr: is for another key than the one that this node enrolled with', {
      field: 'csr',
    });
  }
  const signed = await signIdentity(context, call.node, csr);
  return { certificate: signed.pem };
}
