import type { Cloud } from '../cloud.js';
import { markResource } from './events.js';
import { failureReason } from './failures.js';
import { propertiesOf } from './properties.js';
import type { Stack, StackResource } from './state.js';
import { ResourceInError, type ResourceType } from './types/resource-type.js';

/** Heat's `action_retry_limit`. */
const MAX_RETRIES = 5;

/**
 * Heat does not give up what was accepted and failed later, such as a server in `ERROR`: it deletes it and makes it
 * anew, up to five times, after 2, 4, 8, 16 and 32 s. Only the last failure is the resource's.
 */
export function isReadyOrRetried(cloud: Cloud, stack: Stack, resource: StackResource, type: ResourceType): boolean {
  try {
    return type.isReady?.(cloud, resource.physicalId ?? '') ?? true;
  } catch (error) {
    const definition = stack.template.resources.get(resource.name);
    const isMade = resource.action === 'CREATE' && definition !== undefined && stack.status === 'IN_PROGRESS';
    if (!(error instanceof ResourceInError) || !isMade || resource.retries >= MAX_RETRIES) throw error;
    markResource(cloud, stack, resource, 'CREATE', 'FAILED', failureReason(cloud, type, resource.name, error));
    markResource(cloud, stack, resource, 'DELETE', 'COMPLETE');
    if (resource.physicalId !== undefined) type.remove(cloud, resource.physicalId);
    resource.physicalId = undefined;
    resource.retries += 1;
    resource.retryAt = cloud.clock.now() + 1000 * 2 ** resource.retries;
    return false;
  }
}

/** Whether its time had come, and it is being made again. */
export function makeAnew(cloud: Cloud, stack: Stack, resource: StackResource, type: ResourceType): boolean {
  const definition = stack.template.resources.get(resource.name);
  // A newer template wants it no more.
  if (definition === undefined) stack.settling.delete(resource);
  if (definition === undefined || cloud.clock.now() < (resource.retryAt ?? 0)) return false;
  resource.retryAt = undefined;
  markResource(cloud, stack, resource, 'CREATE', 'IN_PROGRESS');
  resource.physicalId = type.create(cloud, stack, propertiesOf(cloud, stack, resource.name, definition));
  return true;
}
