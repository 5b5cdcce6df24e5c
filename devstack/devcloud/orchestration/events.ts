import type { Cloud } from '../cloud.js';
import type { Progress, Stack, StackAction, StackEvent, StackResource } from './state.js';

/** Heat's `max_events_per_stack`. */
const MAX_EVENTS = 1000;

/** Changes what a resource is said to be doing, and writes it down. */
export function markResource(
  cloud: Cloud,
  stack: Stack,
  resource: StackResource,
  action: StackAction,
  status: Progress,
  reason = 'state changed',
): void {
  const now = cloud.clock.now();
  Object.assign(resource, { action, status, reason, updatedAt: now });
  const { name: resourceName, type: resourceType, physicalId } = resource;
  write(stack, { id: cloud.ids.uuid(), resourceName, resourceType, physicalId, action, status, reason, at: now });
}

/** The same for the stack itself, whose events stand among its resources' under its name. */
export function markStack(cloud: Cloud, stack: Stack, status: Progress, reason: string): void {
  Object.assign(stack, { status, reason });
  const { id: physicalId, name: resourceName, action } = stack;
  const [id, at] = [cloud.ids.uuid(), cloud.clock.now()];
  write(stack, { id, resourceName, resourceType: 'OS::Heat::Stack', physicalId, action, status, reason, at });
}

function write(stack: Stack, event: StackEvent): void {
  stack.events.push(event);
  if (stack.events.length > MAX_EVENTS) stack.events.shift();
}

/** With Heat's filters `resource_status` and `resource_action`, which take one word each, and its paging's `limit`. */
export function listEvents(stack: Stack, query: URLSearchParams): unknown[] {
  const [status, action] = [query.get('resource_status'), query.get('resource_action')];
  const found = stack.events.filter(
    (event) => (status === null || event.status === status) && (action === null || event.action === action),
  );
  if (query.get('sort_dir') === 'desc') found.reverse();
  return found.slice(0, Number(query.get('limit') ?? 0) || found.length).map(eventView);
}

function eventView(event: StackEvent): Record<string, unknown> {
  return {
    id: event.id,
    resource_name: event.resourceName,
    logical_resource_id: event.resourceName,
    physical_resource_id: event.physicalId ?? '',
    resource_status: `${event.action}_${event.status}`,
    resource_status_reason: event.reason,
    event_time: new Date(event.at).toISOString().replace(/\.\d+Z/, 'Z'),
    links: [],
  };
}
