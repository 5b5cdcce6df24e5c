import { type Reason, reason } from '../../common/reasons.js';
import { findServer } from '../../openstack/compute/servers.js';
import { listFailures } from '../../openstack/orchestration/events.js';
import { listResources, type StackResource } from '../../openstack/orchestration/resources.js';
import type { StackSummary } from '../../openstack/orchestration/stacks.js';
import type { CallContext } from '../../openstack/session.js';
import { failureCode } from '../explain.js';
import type { StackAccess } from './stack-observer.js';

export interface StackFailure {
  reason: Reason;
  /** Every failed resource and what was said of it. */
  faults: Record<string, string>;
}

const MAX_FAULTS = 20;

/**
 * From a stack to the first cause: its failed resource, and of a server Nova's own fault, which is
 * there long before Heat gives the stack up. Undefined while nothing has failed.
 */
export async function explainStack(
  access: StackAccess,
  ctx: CallContext,
  stack: StackSummary,
): Promise<StackFailure | undefined> {
  const resources = await listResources(access.session, ctx, { ...stack, projectId: access.projectId });
  // What failed before this update is what the update mends: Heat shows it as failed until its turn comes.
  const since = stack.updatedAt ?? stack.createdAt;
  const failed = resources
    .filter(({ status, updatedAt }) => status.endsWith('_FAILED') && updatedAt >= since)
    .slice(0, MAX_FAULTS);
  const first = failed.find(({ statusReason }) => !isConsequence(statusReason)) ?? failed[0];
  if (first === undefined) return undefined;
  return {
    reason: await explainResource(access, ctx, first),
    faults: Object.fromEntries(failed.map(({ name, statusReason }) => [name, statusReason])),
  };
}

/**
 * Why Heat is making a server of the stack anew. It does so for more than a minute before it calls the server failed,
 * and may succeed; what it threw away is in the events only. Undefined when all goes well.
 */
export async function explainRetry(
  access: StackAccess,
  ctx: CallContext,
  stack: StackSummary,
): Promise<Reason | undefined> {
  const ref = { ...stack, projectId: access.projectId };
  const since = stack.updatedAt ?? stack.createdAt;
  const failure = (await listFailures(access.session, ctx, ref)).find(({ at }) => at >= since);
  if (failure === undefined) return undefined;
  const { resourceName, statusReason } = failure;
  const what = `server ${resourceName}`;
  const words = /"Message: (.*), Code: \d+"/s.exec(statusReason)?.[1] ?? statusReason;
  return reason(failureCode(words, 'server_failed'), `${what}: ${words.trim()}`, { resource: what });
}

/** Heat stops the neighbours of what failed; they are not the cause. */
function isConsequence(statusReason: string): boolean {
  return /aborted|cancel/i.test(statusReason);
}

async function explainResource(access: StackAccess, ctx: CallContext, resource: StackResource): Promise<Reason> {
  const isServer = resource.type === 'OS::Nova::Server';
  const words = (isServer ? await serverFault(access, ctx, resource) : undefined) ?? resource.statusReason;
  const code = failureCode(words, isServer ? 'server_failed' : 'stack_failed');
  const what = `${isServer ? 'server' : resource.type} ${resource.name}`;
  return reason(code, `${what}: ${words}`, { resource: what });
}

/** Nova's fault. Other projects' servers can't be seen through the service user: Heat's words must do. */
async function serverFault(
  access: StackAccess,
  ctx: CallContext,
  resource: StackResource,
): Promise<string | undefined> {
  if (resource.physicalId === undefined || access.projectId !== undefined) return undefined;
  return (await findServer(access.session, ctx, resource.physicalId))?.fault?.message;
}

/** What to say of a stack that failed without naming a resource. */
export function explainStackItself(stack: StackSummary): StackFailure {
  const code = failureCode(stack.statusReason, 'stack_failed');
  return {
    reason: reason(code, `stack ${stack.name}: ${stack.statusReason}`, { resource: `stack ${stack.name}` }),
    faults: { [stack.name]: stack.statusReason },
  };
}
