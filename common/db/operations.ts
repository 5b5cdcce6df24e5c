import type { Reason } from '../reasons.js';
import type { Query } from './database.js';
import { Table } from './table.js';

/** What users order. */
export type OrderedKind =
  | 'create'
  | 'resize'
  | 'create_node_group'
  | 'delete_node_group'
  | 'upgrade'
  | 'rotate_ca'
  | 'rotate_credentials'
  | 'delete';
/** A rollback follows a resize that failed. The last two Bayou orders itself: they show in no status, and make way for any other. */
export type OperationKind = OrderedKind | 'rollback' | 'renew_registry' | 'renew_credential';

/** `queued → running ⇄ waiting | blocked → succeeded | failed | superseded` */
export type OperationStatus = 'queued' | 'running' | 'waiting' | 'blocked' | 'succeeded' | 'failed' | 'superseded';

export interface PhaseProgress {
  phase: string;
  startedAt: number;
  finishedAt?: number;
  waitingFor?: string;
  /** What the failure will be when the deadline passes while it waits for that. */
  onTimeout?: Reason | undefined;
}

/** What was asked for beyond what stands on the cluster and its node groups. */
export interface OperationParams {
  nodeGroupId?: string;
  /** Server ids, node names or ordinals, as the caller gave them. */
  nodesToRemove?: string[];
  /** How many nodes the group is to have again should the resize fail. */
  rollbackTo?: number;
  /** What made a rollback necessary. */
  because?: Reason;
  upgrade?: UpgradeParams;
  /** A delete leaves the volumes that pods asked for, and their snapshots. */
  keepVolumes?: boolean;
  /** A delete leaves the load balancers that Services asked for, and their floating addresses. */
  keepLoadBalancers?: boolean;
}

export interface UpgradeParams {
  /** Of the orchestrator, as its driver writes it. */
  version: string;
  /** Labels that say so, for each group from the moment on which its new nodes are to have it. */
  labels: Record<string, string>;
  /** Groups whose nodes change; the masters' is among them unless only a further group follows them. */
  nodeGroupIds: string[];
  /** Workers that may be changed at a time. */
  maxBatchSize: number;
}

export interface Operation {
  id: number;
  uuid: string;
  clusterId: string;
  projectId: string;
  userId: string;
  requestId: string | undefined;
  kind: OperationKind;
  status: OperationStatus;
  phase: string | undefined;
  /** Transient failures of the present phase in a row. */
  attempt: number;
  params: OperationParams;
  progress: PhaseProgress[];
  reason: Reason | undefined;
  /** The cluster's uuid while the operation is open: at most one is, by the column's unique index. */
  openKey: string | undefined;
  /** When to look at it next. */
  dueAt: number | undefined;
  deadlineAt: number;
  /** Since when the deadline stands still. */
  blockedAt: number | undefined;
  createdAt: number;
  startedAt: number | undefined;
  updatedAt: number | undefined;
  finishedAt: number | undefined;
}

export const operations = new Table<Operation>('operations', {
  id: 'number',
  uuid: 'text',
  clusterId: 'text',
  projectId: 'text',
  userId: 'text',
  requestId: 'text',
  kind: 'text',
  status: 'text',
  phase: 'text',
  attempt: 'number',
  params: 'json',
  progress: 'json',
  reason: 'json',
  openKey: 'text',
  dueAt: 'number',
  deadlineAt: 'number',
  blockedAt: 'number',
  createdAt: 'number',
  startedAt: 'number',
  updatedAt: 'number',
  finishedAt: 'number',
});

export interface NewOperation {
  uuid: string;
  clusterId: string;
  projectId: string;
  userId: string;
  requestId: string | undefined;
  kind: OperationKind;
  params: OperationParams;
  now: number;
  deadlineAt: number;
}

/** @throws a duplicate error when another operation of the cluster is open. */
export async function openOperation(trx: Query, wanted: NewOperation): Promise<void> {
  const { now, ...given } = wanted;
  await operations.insert(trx, {
    ...given,
    status: 'queued',
    attempt: 0,
    progress: [],
    openKey: wanted.clusterId,
    dueAt: now,
    createdAt: now,
  });
}

export function findOpenOperation(query: Query, clusterId: string): Promise<Operation | undefined> {
  return operations.find(query, { openKey: clusterId });
}

/** Ends an open operation whose place a newer one takes. */
export async function supersedeOperation(trx: Query, uuid: string, now: number): Promise<void> {
  await operations
    .rows(trx)
    .where({ uuid })
    .whereNotNull('open_key')
    .update({ status: 'superseded', open_key: null, due_at: null, finished_at: now, updated_at: now });
}

/**
 * Makes a waiting operation due at once, because something it waits for may have happened.
 * @returns the operation's id, for a message to the conductor.
 */
export async function nudgeOperation(query: Query, clusterId: string, now: number): Promise<string | undefined> {
  const moved = await operations
    .rows(query)
    .where({ open_key: clusterId })
    .whereIn('status', ['waiting', 'blocked'])
    .where('due_at', '>', now)
    .update({ due_at: now });
  if (moved === 0) return undefined;
  return (await findOpenOperation(query, clusterId))?.uuid;
}

/** Open operations that are due and that no conductor holds, oldest first. */
export async function listDueOperations(query: Query, now: number, limit: number): Promise<string[]> {
  const rows = await query('operations')
    .join('clusters', 'clusters.uuid', 'operations.open_key')
    .where('operations.due_at', '<=', now)
    .where((free) => {
      free.whereNull('clusters.lease_owner').orWhere('clusters.lease_expires_at', '<=', now);
    })
    .orderBy('operations.due_at')
    .limit(limit)
    .select('operations.uuid as uuid');
  return rows.map((row: { uuid: string }) => row.uuid);
}
