import { undefinedIfMissing } from '../find.js';
import { path } from '../path.js';
import type { CallContext, Session } from '../session.js';
import { type StackRef, stackPath } from './stacks.js';

export interface StackResource {
  name: string;
  /** Such as `OS::Nova::Server`. */
  type: string;
  /** Action and status in one: `CREATE_FAILED`. */
  status: string;
  statusReason: string;
  /** The id in the resource's own service; undefined before it is made. */
  physicalId: string | undefined;
  /** When its status last changed, to the second. */
  updatedAt: number;
}

interface ResourceBody {
  resource_name: string;
  resource_type: string;
  resource_status: string;
  resource_status_reason: string | null;
  physical_resource_id: string | null;
  updated_time: string;
}

/** One resource with its attributes, live from its own service also while it is being made. */
export async function findResource(
  session: Session,
  ctx: CallContext,
  input: StackRef,
  name: string,
): Promise<{ attributes: Record<string, unknown> } | undefined> {
  const found = await undefinedIfMissing(
    session.request<{ resource: { attributes?: Record<string, unknown> } }>(ctx, {
      service: 'orchestration',
      method: 'GET',
      path: `${stackPath(input)}${path('resources', name)}`,
      projectId: input.projectId,
    }),
  );
  return found && { attributes: found.body.resource.attributes ?? {} };
}

/** @throws OpenStackError 404 when there is no such stack. */
export async function listResources(session: Session, ctx: CallContext, input: StackRef): Promise<StackResource[]> {
  const { body } = await session.request<{ resources: ResourceBody[] }>(ctx, {
    service: 'orchestration',
    method: 'GET',
    path: `${stackPath(input)}/resources`,
    projectId: input.projectId,
  });
  return body.resources.map((resource) => ({
    name: resource.resource_name,
    type: resource.resource_type,
    status: resource.resource_status,
    statusReason: resource.resource_status_reason ?? '',
    physicalId: resource.physical_resource_id || undefined,
    updatedAt: Date.parse(resource.updated_time),
  }));
}
