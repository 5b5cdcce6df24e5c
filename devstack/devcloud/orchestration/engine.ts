import { createHash } from 'node:crypto';
import type { Cloud } from '../cloud.js';
import { CloudError } from '../cloud-error.js';
import { markResource, markStack } from './events.js';
import { failureReason } from './failures.js';
import { propertiesOf } from './properties.js';
import { isReadyOrRetried, makeAnew } from './retries.js';
import type { Stack, StackAction, StackResource } from './state.js';
import type { ResourceDefinition } from './template.js';
import { resourceType } from './types/registry.js';
import type { Properties, ResourceType } from './types/resource-type.js';

/**
 * Brings stacks to what their templates say, step by step: each step looks at what is under way
 * and begins what has become possible, side by side. What is to go, goes last and in reverse.
 */
export function beginAction(cloud: Cloud, stack: Stack, action: StackAction): void {
  const now = cloud.clock.now();
  stack.action = action;
  markStack(cloud, stack, 'IN_PROGRESS', `Stack ${action} started`);
  stack.deadlineAt = now + stack.timeoutMinutes * 60_000;
  if (action !== 'CREATE') stack.updatedAt = now;
  if (action === 'DELETE') {
    stack.pending.clear();
    stack.settling.clear();
    for (const resource of stack.resources.values()) stack.leaving.add(resource);
  } else {
    stack.pending = new Set(stack.template.resources.keys());
    // One that an earlier, failed update was to remove may be wanted again.
    for (const [name, resource] of stack.resources) {
      if (stack.pending.has(name)) stack.leaving.delete(resource);
      else stack.leaving.add(resource);
    }
  }
  scheduleStep(cloud, stack);
}

function scheduleStep(cloud: Cloud, stack: Stack): void {
  stack.cancelStep();
  stack.cancelStep = cloud.clock.after(cloud.settings.heatStepMs, () => step(cloud, stack));
}

function step(cloud: Cloud, stack: Stack): void {
  for (const resource of stack.settling) settle(cloud, stack, resource);
  if (cloud.clock.now() >= stack.deadlineAt) expire(cloud, stack);
  if (stack.status === 'IN_PROGRESS') advance(cloud, stack);
  if (stack.status === 'IN_PROGRESS' || stack.settling.size > 0) scheduleStep(cloud, stack);
}

function advance(cloud: Cloud, stack: Stack): void {
  for (const name of stack.pending) {
    const definition = stack.template.resources.get(name);
    if (definition !== undefined && isPossible(stack, name, definition)) bring(cloud, stack, name, definition);
    if (stack.status !== 'IN_PROGRESS') return;
  }
  if (stack.pending.size > 0 || stack.settling.size > 0) return;
  for (const resource of stack.leaving) {
    const isNeeded = [...stack.leaving].some((other) => other !== resource && other.requires.includes(resource.name));
    if (!isNeeded) remove(cloud, stack, resource);
    if (stack.status !== 'IN_PROGRESS') return;
  }
  if (stack.leaving.size > 0) return;
  markStack(cloud, stack, 'COMPLETE', `Stack ${stack.action} completed successfully`);
  if (stack.action === 'DELETE') cloud.orchestration.bury(stack);
}

/** All that it needs is done, and it is not under way itself from an earlier action. */
function isPossible(stack: Stack, name: string, definition: ResourceDefinition): boolean {
  const busy = new Set([...stack.settling].map((resource) => resource.name));
  return (
    !busy.has(name) && requirements(stack, definition).every((each) => !stack.pending.has(each) && !busy.has(each))
  );
}

function requirements(stack: Stack, definition: ResourceDefinition): string[] {
  const implied = resourceType(definition.type)?.requires?.(definition, stack.template) ?? [];
  return [...new Set([...definition.requires, ...implied])];
}

/** Makes the resource, changes it, replaces it or leaves it, as its properties say. */
function bring(cloud: Cloud, stack: Stack, name: string, definition: ResourceDefinition): void {
  const type = resourceType(definition.type);
  if (type === undefined) throw new CloudError(500, `The resource type ${definition.type} went missing.`);
  stack.pending.delete(name);
  const properties = propertiesOf(cloud, stack, name, definition);
  const applied = digests(properties);
  const present = stack.resources.get(name);
  if (present?.physicalId === undefined || present.type !== definition.type || !isUsable(present)) {
    if (present?.physicalId !== undefined) stack.leaving.add(present);
    make(cloud, stack, name, definition, properties);
    return;
  }
  present.requires = requirements(stack, definition);
  const changed = [...new Set([...Object.keys(applied), ...Object.keys(present.applied)])].filter(
    (property) => applied[property] !== present.applied[property],
  );
  if (changed.length === 0 && present.status === 'COMPLETE') return;
  const staysOn = type.staysOn ?? ((names) => names.every((each) => type.properties[each]?.update === 'inPlace'));
  if (!staysOn(changed, properties)) {
    stack.leaving.add(present);
    make(cloud, stack, name, definition, properties);
    return;
  }
  markResource(cloud, stack, present, 'UPDATE', 'IN_PROGRESS');
  present.applied = applied;
  attempt(cloud, stack, present, type, () => {
    type.update?.(cloud, stack, present.physicalId ?? '', properties, changed);
    stack.settling.add(present);
  });
}

/** What failed while it was made is made anew. */
function isUsable(resource: StackResource): boolean {
  return !(resource.action === 'CREATE' && resource.status === 'FAILED');
}

function make(cloud: Cloud, stack: Stack, name: string, definition: ResourceDefinition, properties: Properties): void {
  const type = resourceType(definition.type);
  if (type === undefined) return;
  const now = cloud.clock.now();
  const resource: StackResource = {
    name,
    type: definition.type,
    physicalId: undefined,
    action: 'CREATE',
    status: 'IN_PROGRESS',
    reason: 'state changed',
    applied: digests(properties),
    retries: 0,
    retryAt: undefined,
    requires: requirements(stack, definition),
    createdAt: now,
    updatedAt: now,
  };
  stack.resources.set(name, resource);
  attempt(cloud, stack, resource, type, () => {
    resource.physicalId = type.create(cloud, stack, properties);
    stack.settling.add(resource);
  });
}

function settle(cloud: Cloud, stack: Stack, resource: StackResource): void {
  const type = resourceType(resource.type);
  if (type === undefined) return;
  if (resource.action === 'DELETE' && resource.retryAt === undefined) {
    stack.settling.delete(resource);
    stack.leaving.delete(resource);
    if (stack.resources.get(resource.name) === resource) stack.resources.delete(resource.name);
    return;
  }
  attempt(cloud, stack, resource, type, () => {
    if (resource.retryAt !== undefined && !makeAnew(cloud, stack, resource, type)) return;
    if (type.isReady !== undefined && !isReadyOrRetried(cloud, stack, resource, type)) return;
    stack.settling.delete(resource);
    markResource(cloud, stack, resource, resource.action, 'COMPLETE');
  });
}

function remove(cloud: Cloud, stack: Stack, resource: StackResource): void {
  const type = resourceType(resource.type);
  if (type === undefined) return;
  resource.retryAt = undefined;
  markResource(cloud, stack, resource, 'DELETE', 'IN_PROGRESS');
  attempt(cloud, stack, resource, type, () => {
    if (resource.physicalId !== undefined) type.remove(cloud, resource.physicalId);
    stack.settling.add(resource);
  });
}

/** A refusal fails the resource, and the stack with it; what is under way beside it goes on. */
function attempt(cloud: Cloud, stack: Stack, resource: StackResource, type: ResourceType, work: () => void): void {
  try {
    work();
  } catch (error) {
    const reason = failureReason(cloud, type, resource.name, error);
    stack.settling.delete(resource);
    markResource(cloud, stack, resource, resource.action, 'FAILED', reason);
    if (stack.status !== 'IN_PROGRESS') return;
    markStack(cloud, stack, 'FAILED', `Resource ${resource.action} failed: ${reason}`);
  }
}

function expire(cloud: Cloud, stack: Stack): void {
  const reason = `${stack.action.charAt(0)}${stack.action.slice(1).toLowerCase()} timed out`;
  for (const resource of stack.settling) markResource(cloud, stack, resource, resource.action, 'FAILED', reason);
  stack.settling.clear();
  if (stack.status !== 'IN_PROGRESS') return;
  markStack(cloud, stack, 'FAILED', reason);
}

/** Scripts are long and are there once per server: digests tell as well whether a value has changed. */
function digests(properties: Properties): Record<string, string> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      name,
      createHash('sha1').update(JSON.stringify(value)).digest('base64'),
    ]),
  );
}
