import type { CallContext, Session } from '../session.js';
import { type StackRef, stackPath } from './stacks.js';

export interface ResourceFailure {
  resourceName: string;
  statusReason: string;
  at: number;
}

interface EventBody {
  resource_name: string;
  resource_status: string;
  resource_status_reason: string | null;
  event_time: string;
}

const MAX_FAILURES = 50;

/**
 * The newest failures of the stack's resources, newest first. Heat makes a failed server anew several times for more
 * than a minute: until it gives up, only the events tell.
 * @throws OpenStackError 404 when there is no such stack.
 */
export async function listFailures(session: Session, ctx: CallContext, input: StackRef): Promise<ResourceFailure[]> {
  const { body } = await session.request<{ events: EventBody[] }>(ctx, {
    service: 'orchestration',
    method: 'GET',
    path: `${stackPath(input)}/events`,
    query: { resource_status: 'FAILED', sort_dir: 'desc', limit: MAX_FAILURES },
    projectId: input.projectId,
  });
  return (
    body.events
      // The stack's own events stand among them, under its name.
      .filter((event) => event.resource_status.endsWith('_FAILED') && event.resource_name !== input.name)
      .map((event) => ({
        resourceName: event.resource_name,
        statusReason: event.resource_status_reason ?? '',
        at: Date.parse(event.event_time),
      }))
  );
}
