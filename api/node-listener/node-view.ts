import type { Database } from '../../common/db/database.js';
import { type Node, nodes } from '../../common/db/nodes.js';

const COLUMNS = [
  'uuid',
  'clusterId',
  'projectId',
  'name',
  'role',
  'state',
  'ready',
  'load',
  'orchestrator',
  'addresses',
  'sshHostKey',
  'enrolledKey',
] as const satisfies (keyof Node)[];

/** What every request needs to know of its node, without the large columns. */
export type NodeView = Pick<Node, (typeof COLUMNS)[number]> & {
  /** Whether something is being done with its cluster: then its reports are waited for. */
  operationOpen: boolean;
  tasksQueued: boolean;
};

/** Rows asked for in one query. */
const MAX_BATCH = 200;

interface Asked {
  uuid: string;
  resolve: (view: NodeView | undefined) => void;
  reject: (error: unknown) => void;
}

/**
 * Reads nodes' rows, one query at a time: what is asked for while a query is under way goes together into the next.
 * Thousands of heartbeats a second become hundreds of queries, and no answer is older than its question.
 */
export class NodeViews {
  private waiting: Asked[] = [];
  private reading = false;
  private readonly db: Database;

  constructor(db: Database) {
    this.db = db;
  }

  find(uuid: string): Promise<NodeView | undefined> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ uuid, resolve, reject });
      if (!this.reading) void this.readAll();
    });
  }

  private async readAll(): Promise<void> {
    this.reading = true;
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, MAX_BATCH);
      try {
        const views = await readViews(
          this.db,
          batch.map(({ uuid }) => uuid),
        );
        for (const { uuid, resolve } of batch) resolve(views.get(uuid));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.reading = false;
  }
}

async function readViews(db: Database, uuids: string[]): Promise<Map<string, NodeView>> {
  const wanted = Object.keys(nodes.toRow(Object.fromEntries(COLUMNS.map((field) => [field, undefined]))));
  const rows = await db.read('nodes-view', (query) =>
    nodes
      .rows(query)
      .whereIn('uuid', uuids)
      .select(wanted)
      .select({
        operation_open: query('operations').count('*').where('open_key', query.ref('nodes.cluster_id')),
        tasks_queued: query('node_tasks')
          .count('*')
          .where({ node_id: query.ref('nodes.uuid'), state: 'queued' }),
      }),
  );
  return new Map(
    rows.map((row: Record<string, unknown>) => {
      const view: NodeView = {
        ...nodes.fromRow(row),
        operationOpen: Number(row.operation_open) > 0,
        tasksQueued: Number(row.tasks_queued) > 0,
      };
      return [view.uuid, view];
    }),
  );
}
