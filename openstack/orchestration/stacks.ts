import { existed, undefinedIfMissing } from '../find.js';
import { allPages } from '../pages.js';
import { path } from '../path.js';
import type { CallContext, Session } from '../session.js';

/** A HOT template as an object; Heat reads JSON as well as YAML. */
export type Template = Record<string, unknown>;

/** A project other than the session's own: an admin may look at, change and delete its stacks, not create there. */
export interface InProject {
  projectId?: string | undefined;
}

/** Heat answers to a name alone with a redirect, so calls carry both. */
export interface StackRef extends InProject {
  name: string;
  id: string;
}

export interface StackDefinition {
  template: Template;
  parameters: Record<string, unknown>;
  tags: string[];
  timeoutMinutes: number;
}

export type StackAction =
  | 'CREATE'
  | 'UPDATE'
  | 'DELETE'
  | 'ROLLBACK'
  | 'SUSPEND'
  | 'RESUME'
  | 'ADOPT'
  | 'SNAPSHOT'
  | 'CHECK'
  | 'RESTORE';
export type StackStatus = 'IN_PROGRESS' | 'COMPLETE' | 'FAILED';

export interface StackSummary {
  id: string;
  name: string;
  action: StackAction;
  status: StackStatus;
  statusReason: string;
  tags: string[];
  createdAt: number;
  updatedAt: number | undefined;
}

export interface Stack extends StackSummary {
  /** An output that cannot be had yet is undefined. */
  outputs: Record<string, unknown>;
}

interface StackBody {
  id: string;
  stack_name: string;
  /** Shown to admins only, whom Heat gives the stacks of all projects. */
  project?: string;
  stack_status: string;
  stack_status_reason: string | null;
  tags: string[] | null;
  creation_time: string;
  updated_time: string | null;
  outputs?: { output_key: string; output_value?: unknown }[];
}

/**
 * The stack stays as it is when it fails: no rollback.
 * @throws OpenStackError 409 when the name is taken, 400 when the template is wrong.
 */
export async function createStack(
  session: Session,
  ctx: CallContext,
  input: StackDefinition & { name: string },
): Promise<{ id: string }> {
  const { body } = await session.request<{ stack: { id: string } }>(ctx, {
    service: 'orchestration',
    method: 'POST',
    path: '/stacks',
    body: { stack_name: input.name, ...definitionBody(input) },
  });
  return { id: body.stack.id };
}

/**
 * Takes a whole definition: what it leaves out goes.
 * @throws OpenStackError 409 `ActionInProgress` while the stack is busy.
 */
export async function updateStack(
  session: Session,
  ctx: CallContext,
  input: StackDefinition & StackRef,
): Promise<void> {
  await session.request(ctx, {
    service: 'orchestration',
    method: 'PUT',
    path: stackPath(input),
    projectId: input.projectId,
    body: definitionBody(input),
  });
}

/** Whether there was such a stack. It is gone only some time later. */
export async function deleteStack(session: Session, ctx: CallContext, input: StackRef): Promise<boolean> {
  return existed(
    session.request(ctx, {
      service: 'orchestration',
      method: 'DELETE',
      path: stackPath(input),
      projectId: input.projectId,
    }),
  );
}

/** The project's stacks that have all of `tags`. */
export async function listStacks(
  session: Session,
  ctx: CallContext,
  input: InProject & { tags: string[] },
): Promise<StackSummary[]> {
  return stacksOf(session, ctx, input.projectId, { tags: input.tags.join(',') || undefined });
}

/** With its outputs. Through another project's path Heat finds nothing by name, so the name is looked for in the list. */
export async function findStack(
  session: Session,
  ctx: CallContext,
  input: InProject & { name: string },
): Promise<Stack | undefined> {
  const [found] = await stacksOf(session, ctx, input.projectId, { name: input.name });
  return found === undefined ? undefined : findStackById(session, ctx, { ...input, id: found.id });
}

/**
 * To an admin Heat lists the stacks of all projects, whichever project the path names, and to everybody for a
 * moment those that it has just deleted: neither is the project's.
 */
async function stacksOf(
  session: Session,
  ctx: CallContext,
  projectId: string | undefined,
  filter: { tags?: string | undefined; name?: string },
): Promise<StackSummary[]> {
  const own = projectId ?? (await session.identity(ctx)).projectId;
  const stacks = await allPages(async ({ marker, limit }) => {
    const { body } = await session.request<{ stacks: StackBody[] }>(ctx, {
      service: 'orchestration',
      method: 'GET',
      path: '/stacks',
      query: { ...filter, marker, limit },
      projectId,
    });
    return { items: body.stacks, more: body.stacks.length >= limit };
  });
  return stacks
    .filter(({ project = own, stack_status: status }) => project === own && status !== 'DELETE_COMPLETE')
    .map(readSummary);
}

/** With its outputs; a deleted stack can still be seen for a while, as `DELETE_COMPLETE`. */
export async function findStackById(session: Session, ctx: CallContext, input: StackRef): Promise<Stack | undefined> {
  const answer = await undefinedIfMissing(
    session.request<{ stack: StackBody }>(ctx, {
      service: 'orchestration',
      method: 'GET',
      path: stackPath(input),
      projectId: input.projectId,
    }),
  );
  return answer === undefined ? undefined : readStack(answer.body.stack);
}

export function stackPath(ref: StackRef): string {
  return path('stacks', ref.name, ref.id);
}

function definitionBody(definition: StackDefinition): Record<string, unknown> {
  return {
    template: definition.template,
    parameters: definition.parameters,
    tags: definition.tags.join(','),
    timeout_mins: definition.timeoutMinutes,
    disable_rollback: true,
  };
}

function readSummary(body: StackBody): StackSummary {
  const separator = body.stack_status.indexOf('_');
  return {
    id: body.id,
    name: body.stack_name,
    action: body.stack_status.slice(0, separator) as StackAction,
    status: body.stack_status.slice(separator + 1) as StackStatus,
    statusReason: body.stack_status_reason ?? '',
    tags: body.tags ?? [],
    createdAt: Date.parse(body.creation_time),
    updatedAt: body.updated_time === null ? undefined : Date.parse(body.updated_time),
  };
}

function readStack(body: StackBody): Stack {
  const outputs = (body.outputs ?? []).map((output) => [output.output_key, output.output_value ?? undefined]);
  return { ...readSummary(body), outputs: Object.fromEntries(outputs) };
}
