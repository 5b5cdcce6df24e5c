import { Table } from './table.js';

export type NodeTaskState = 'queued' | 'succeeded' | 'failed';

/** Work for a node, handed out with the answer to its heartbeat and answered by a later one. Idempotent on the node. */
export interface NodeTask {
  id: number;
  uuid: string;
  clusterId: string;
  operationId: string | undefined;
  /** The node that does it; for a drain not the node that is drained. */
  nodeId: string;
  /** What it is about, unique: asking twice makes one task. */
  taskKey: string;
  /** A script's name in the driver's `tasks` folder. */
  name: string;
  params: Record<string, string>;
  state: NodeTaskState;
  /** Last lines, scrubbed. */
  output: string;
  createdAt: number;
  finishedAt: number | undefined;
}

/** A node is handed this many, and the next as these end. */
export const TASKS_AT_ONCE = 10;

export const nodeTasks = new Table<NodeTask>('node_tasks', {
  id: 'number',
  uuid: 'text',
  clusterId: 'text',
  operationId: 'text',
  nodeId: 'text',
  taskKey: 'text',
  name: 'text',
  params: 'json',
  state: 'text',
  output: 'text',
  createdAt: 'number',
  finishedAt: 'number',
});
