import { z } from 'zod';
import type { Query } from '../../common/db/database.js';
import { type Event, events } from '../../common/db/events.js';
import { type Operation, operations } from '../../common/db/operations.js';
import { everything } from '../../common/db/scope.js';
import { isServiceError } from '../../common/errors.js';
import type { Reason } from '../../common/reasons.js';
import { pageAnswer, timeText, uuidText } from '../answers.js';
import type { Api } from '../deps.js';
import type { Owned } from '../identity.js';
import { isUuid, listOfCluster, type PageQuery, pageBody, pageOf, pageQuery } from '../paging.js';
import { type ApiRequest, type ApiResponse, type Caller, route } from '../route.js';
import { isoTime } from '../view-values.js';
import { loadCluster } from './find-cluster.js';

/** A cluster that may be gone: its history stays readable by uuid. */
interface Remembered extends Owned {
  uuid: string;
}

async function loadRemembered(api: Api, caller: Caller): Promise<Remembered> {
  try {
    return await loadCluster(api, caller);
  } catch (error) {
    const uuid = caller.params.cluster ?? '';
    if (!isServiceError(error, 'not_found') || !isUuid(uuid)) throw error;
    const first = await api.db.read('history-find', (query) => firstOperation(query, uuid));
    if (first === undefined || !isVisible(caller, first)) throw error;
    return { uuid, projectId: first.projectId, userId: first.userId };
  }
}

async function firstOperation(query: Query, clusterId: string): Promise<Operation | undefined> {
  const row = await operations.rows(query).where({ cluster_id: clusterId }).orderBy('id').first();
  return row === undefined ? undefined : operations.fromRow(row);
}

function isVisible({ scope }: Caller, operation: Operation): boolean {
  if (scope.kind === 'everything') return true;
  return scope.kind === 'project' ? operation.projectId === scope.projectId : operation.userId === scope.userId;
}

const timeOrNull = timeText.nullable();

const eventAnswer = z.strictObject({
  uuid: uuidText,
  cluster_uuid: z.string(),
  operation_uuid: z.string().nullable(),
  actor: z.string(),
  kind: z.string(),
  message: z.string(),
  details: z.record(z.string(), z.unknown()),
  created_at: timeText,
});

const reasonAnswer = z.strictObject({
  code: z.string(),
  message: z.string(),
  resource: z.string().nullable(),
  actor: z.string(),
  retryable: z.boolean(),
  hint: z.string(),
  request_ids: z.array(z.string()),
});

const operationAnswer = z.strictObject({
  uuid: uuidText,
  cluster_uuid: z.string(),
  user_id: z.string().nullable(),
  request_id: z.string().nullable(),
  kind: z.string(),
  status: z.string(),
  phase: z.string().nullable(),
  phases: z.array(
    z.strictObject({
      name: z.string(),
      started_at: timeOrNull,
      finished_at: timeOrNull,
      waiting_for: z.string().nullable(),
    }),
  ),
  reason: reasonAnswer.nullable(),
  timeout_reason: reasonAnswer.nullable(),
  deadline_at: timeOrNull,
  created_at: timeText,
  started_at: timeOrNull,
  updated_at: timeOrNull,
  finished_at: timeOrNull,
});

function eventView(event: Event) {
  return {
    uuid: event.uuid,
    cluster_uuid: event.clusterId,
    operation_uuid: event.operationId ?? null,
    actor: event.actor,
    kind: event.kind,
    message: event.message,
    details: event.details,
    created_at: isoTime(event.createdAt),
  };
}

function reasonView(reason: Reason | undefined) {
  if (reason === undefined) return null;
  const { code, message, resource = null, actor, retryable, hint, requestIds } = reason;
  return { code, message, resource, actor, retryable, hint, request_ids: requestIds };
}

function operationView(operation: Operation) {
  const last = operation.progress.at(-1);
  return {
    uuid: operation.uuid,
    cluster_uuid: operation.clusterId,
    user_id: operation.userId,
    request_id: operation.requestId ?? null,
    kind: operation.kind,
    status: operation.status,
    phase: operation.phase ?? null,
    phases: operation.progress.map(({ phase, startedAt, finishedAt, waitingFor }) => ({
      name: phase,
      started_at: isoTime(startedAt),
      finished_at: isoTime(finishedAt),
      waiting_for: finishedAt === undefined ? (waitingFor ?? null) : null,
    })),
    reason: reasonView(operation.reason),
    timeout_reason: reasonView(last?.finishedAt === undefined ? last?.onTimeout : undefined),
    deadline_at: isoTime(operation.deadlineAt),
    created_at: isoTime(operation.createdAt),
    started_at: isoTime(operation.startedAt),
    updated_at: isoTime(operation.updatedAt),
    finished_at: isoTime(operation.finishedAt),
  };
}

type ListRequest = ApiRequest<PageQuery, undefined>;

async function listEvents(api: Api, request: ListRequest, cluster: Remembered): Promise<ApiResponse> {
  const page = pageOf(request.query, api.config.api.maxLimit);
  const rows = await api.db.read('event-list', (query) => listOfCluster(events, everything, query, cluster.uuid, page));
  const path = `${request.baseUrl}/v1/clusters/${cluster.uuid}/events`;
  return { status: 200, body: pageBody('events', rows, eventView, page, path) };
}

async function listOperations(api: Api, request: ListRequest, cluster: Remembered): Promise<ApiResponse> {
  const page = pageOf(request.query, api.config.api.maxLimit);
  const rows = await api.db.read('operation-list', (query) =>
    listOfCluster(operations, everything, query, cluster.uuid, page),
  );
  const path = `${request.baseUrl}/v1/clusters/${cluster.uuid}/operations`;
  return { status: 200, body: pageBody('operations', rows, operationView, page, path) };
}

const shared = {
  method: 'GET',
  policy: 'cluster:get',
  allProjects: 'cluster:get_one_all_projects',
  load: loadRemembered,
} as const;

export const historyRoutes = [
  route({
    ...shared,
    path: '/v1/clusters/{cluster}/events',
    query: pageQuery(['uuid', 'kind', 'created_at']),
    answers: { 200: pageAnswer('events', eventAnswer) },
    handler: listEvents,
  }),
  route({
    ...shared,
    path: '/v1/clusters/{cluster}/operations',
    query: pageQuery(['uuid', 'kind', 'status', 'created_at', 'finished_at']),
    answers: { 200: pageAnswer('operations', operationAnswer) },
    handler: listOperations,
  }),
];
