import { type Reason, type ReasonCode, reason } from '../../common/reasons.js';
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
 * Why Heat is making a resource of the stack anew. It does so for more than a minute before it calls a server failed,
 * and may succeed; what it threw away is in the events only. Undefined when all goes well, or does again.
 */
export async function explainRetry(
  access: StackAccess,
  ctx: CallContext,
  stack: StackSummary,
): Promise<Reason | undefined> {
  const ref = { ...stack, projectId: access.projectId };
  const since = stack.updatedAt ?? stack.createdAt;
  const failures = (await listFailures(access.session, ctx, ref)).filter(({ at }) => at >= since);
  if (failures.length === 0) return undefined;
  const resources = new Map((await listResources(access.session, ctx, ref)).map((each) => [each.name, each]));
  for (const { resourceName, statusReason } of failures) {
    const resource = resources.get(resourceName);
    if (resource === undefined || /^(CREATE|UPDATE)_COMPLETE$/.test(resource.status)) continue;
    const words = /"Message: (.*), Code: \d+"/s.exec(statusReason)?.[1] ?? statusReason;
    return resourceReason(resource, words.trim());
  }
  return undefined;
}

/** Heat stops the neighbours of what failed; they are not the cause. */
function isConsequence(statusReason: string): boolean {
  return /aborted|cancel/i.test(statusReason);
}

async function explainResource(access: StackAccess, ctx: CallContext, resource: StackResource): Promise<Reason> {
  const isServer = resource.type === SERVER_TYPE;
  const words = (isServer ? await serverFault(access, ctx, resource) : undefined) ?? resource.statusReason;
  return resourceReason(resource, words);
}

const SERVER_TYPE = 'OS::Nova::Server';

/** What to say of a resource when its words tell no more; others are the stack's. */
const FAILED_TYPES: [pattern: RegExp, code: ReasonCode][] = [
  [new RegExp(`^${SERVER_TYPE}$`), 'server_failed'],
  [/^OS::Octavia::/, 'load_balancer_failed'],
];

function resourceReason({ type, name }: StackResource, words: string): Reason {
  const otherwise = FAILED_TYPES.find(([pattern]) => pattern.test(type))?.[1] ?? 'stack_failed';
  const what = `${type === SERVER_TYPE ? 'server' : type} ${name}`;
  return reason(failureCode(words, otherwise), `${what}: ${words}`, { resource: what });
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
