import type { Query } from './database.js';
import { Table } from './table.js';

/** Append-only: who asked, what happened, in the user's words. Readable after the cluster is gone. */
export interface Event {
  id: number;
  uuid: string;
  clusterId: string;
  projectId: string;
  operationId: string | undefined;
  /** A user's id, `bayou`, or `node <name>`. */
  actor: string;
  /** Stable, such as `operation_accepted`, `ticket_refused`, `node_refused`. */
  kind: string;
  message: string;
  details: Record<string, unknown>;
  createdAt: number;
}

export const events = new Table<Event>('events', {
  id: 'number',
  uuid: 'text',
  clusterId: 'text',
  projectId: 'text',
  operationId: 'text',
  actor: 'text',
  kind: 'text',
  message: 'text',
  details: 'json',
  createdAt: 'number',
});

export type NewEvent = Omit<Event, 'id' | 'operationId' | 'details'> & {
  operationId?: string;
  details?: Record<string, unknown>;
};

export async function appendEvent(query: Query, event: NewEvent): Promise<void> {
  await events.insert(query, { details: {}, ...event });
}
