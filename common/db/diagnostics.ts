import type { Query } from './database.js';
import { Table } from './table.js';

/** What nodes of a cluster say when they are asked for their journals: asked for by a user, or after a failed create. */
export type DiagnosticCause = 'request' | 'create_failed';

/** `queued → collecting → ready | failed` */
export type DiagnosticState = 'queued' | 'collecting' | 'ready' | 'failed';

/** By a task of the node's own, over SSH, or what Nova has of its console. */
export type DiagnosticSource = 'task' | 'ssh' | 'console';

export interface NodeFinding {
  nodeId: string;
  name: string;
  /** The step of its set-up that it has not got beyond. */
  step?: string;
  /** How its part came. */
  source?: DiagnosticSource;
  /** Ways that led nowhere, each with why. */
  problems: string[];
  /** It is not asked any more. */
  isEnded: boolean;
}

export interface Diagnostic {
  id: number;
  uuid: string;
  clusterId: string;
  projectId: string;
  /** Who asked; undefined: Bayou did. */
  userId: string | undefined;
  /** The one that failed. */
  operationId: string | undefined;
  cause: DiagnosticCause;
  state: DiagnosticState;
  /** The cluster's uuid until it has ended: at most one is open, by the column's unique index. */
  openKey: string | undefined;
  /** Uuids of the nodes that it is about; none: those that Bayou chooses. */
  wanted: string[];
  findings: NodeFinding[];
  /** When to look at it next. */
  dueAt: number | undefined;
  /** A conductor has it in hand until then. */
  claimedUntil: number | undefined;
  /** Goes up with every claim: whoever has an older one writes no more. */
  fence: number;
  /** From then on no node is asked. */
  deadlineAt: number;
  /** Of the bundle. */
  sizeBytes: number | undefined;
  sha256: string | undefined;
  createdAt: number;
  finishedAt: number | undefined;
  expiresAt: number | undefined;
}

export const diagnostics = new Table<Diagnostic>('diagnostics', {
  id: 'number',
  uuid: 'text',
  clusterId: 'text',
  projectId: 'text',
  userId: 'text',
  operationId: 'text',
  cause: 'text',
  state: 'text',
  openKey: 'text',
  wanted: 'json',
  findings: 'json',
  dueAt: 'number',
  claimedUntil: 'number',
  fence: 'number',
  deadlineAt: 'number',
  sizeBytes: 'number',
  sha256: 'text',
  createdAt: 'number',
  finishedAt: 'number',
  expiresAt: 'number',
});

/** Those of a cluster that are kept; the oldest makes room. */
const MAX_OF_CLUSTER = 3;
/** A node that tries its step again speaks once a minute; one after the other is asked over SSH. */
const COLLECT_MS = 15 * 60_000;

export type NewDiagnostic = Pick<
  Diagnostic,
  'uuid' | 'clusterId' | 'projectId' | 'userId' | 'operationId' | 'cause' | 'wanted' | 'createdAt'
>;

/** The cluster must be locked, and have no open one. */
export async function openDiagnostic(trx: Query, wanted: NewDiagnostic): Promise<void> {
  const { clusterId, createdAt } = wanted;
  const known: string[] = await diagnostics
    .rows(trx)
    .where({ cluster_id: clusterId })
    .orderBy('id', 'desc')
    .pluck('uuid');
  await removeDiagnostics(trx, known.slice(MAX_OF_CLUSTER - 1));
  await diagnostics.insert(trx, {
    ...wanted,
    state: 'queued',
    openKey: clusterId,
    findings: [],
    dueAt: createdAt,
    fence: 0,
    deadlineAt: createdAt + COLLECT_MS,
  });
}

export function findOpenDiagnostic(query: Query, clusterId: string): Promise<Diagnostic | undefined> {
  return diagnostics.find(query, { openKey: clusterId });
}

export async function removeDiagnostics(trx: Query, uuids: readonly string[]): Promise<void> {
  if (uuids.length === 0) return;
  await trx('diagnostic_pieces').whereIn('diagnostic_id', uuids).delete();
  await diagnostics.rows(trx).whereIn('uuid', uuids).delete();
}
