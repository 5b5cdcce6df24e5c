import { createHash } from 'node:crypto';
import type { CloudResource } from '../../common/db/cloud-resources.js';
import { reason } from '../../common/reasons.js';
import type { StackPlan } from '../../drivers/driver.js';
import { isConflict } from '../../openstack/errors.js';
import { createStack, deleteStack, type StackSummary, updateStack } from '../../openstack/orchestration/stacks.js';
import { intend, listInventory, markGone, markPresent, stackResource } from '../inventory.js';
import { done, type PhaseOutcome, type Waiting } from '../phase.js';
import type { Work } from '../work.js';
import { explainRetry, explainStack, explainStackItself } from './explain-stack.js';
import { STACK_TAG, type StackAccess } from './stack-observer.js';

/**
 * Brings one stack to what is planned. What was last asked of a stack stands in its tags, in Heat: so
 * an answer that was lost, and a conductor that died, change nothing in what the next look sees.
 */
export async function ensureStack(work: Work, name: string, plan: StackPlan, loss: StackLoss): Promise<PhaseOutcome> {
  const access: StackAccess = { session: await work.account() };
  const stack = await work.deps.stacks.look(access, work.ctx, work.cluster.projectId, name);
  const wanted = { spec: specTag(plan), operation: operationTag(work) };
  if (stack === undefined || isDeleted(stack)) return createIt(work, access, name, plan, wanted, loss);
  if (stack.action === 'DELETE') return endDelete(work, access, stack, loss);
  const asked = stack.tags.includes(wanted.spec);
  if (stack.status === 'IN_PROGRESS') return watchIt(work, access, stack, asked);
  if (asked && stack.status === 'COMPLETE') {
    await markPresent(work, stackResource(name), stack.id);
    return done;
  }
  if (asked && stack.status === 'FAILED' && stack.tags.includes(wanted.operation)) {
    const failure = (await explainStack(access, work.ctx, stack)) ?? explainStackItself(stack);
    return { kind: 'failed', ...failure };
  }
  return act(work, stack, () =>
    updateStack(access.session, work.ctx, { ...definition(work, plan, wanted), name, id: stack.id }),
  );
}

async function createIt(
  work: Work,
  access: StackAccess,
  name: string,
  plan: StackPlan,
  wanted: WantedTags,
  loss: StackLoss,
): Promise<PhaseOutcome> {
  const known = await intend(work, stackResource(name));
  if (isLoss(work, known, loss)) return missing(name, 'is not in Heat any more');
  if (known.state === 'present' && work.operation.kind === 'create') await loss.forget();
  return act(work, { name }, () => createStack(access.session, work.ctx, { ...definition(work, plan, wanted), name }));
}

/** Heat only lets a delete that has begun be ended: an update is refused (400 `NotSupported`). Then the stack is made anew. */
async function endDelete(work: Work, access: StackAccess, stack: StackSummary, loss: StackLoss): Promise<PhaseOutcome> {
  // It was there: before it is made again, what its nodes reported is forgotten.
  if (work.operation.kind === 'create') await markPresent(work, stackResource(stack.name), stack.id);
  if (stack.status === 'IN_PROGRESS') return waitFor(work, stack);
  const known = await intend(work, stackResource(stack.name));
  if (isLoss(work, known, loss)) return missing(stack.name, `was to be deleted, which failed: ${stack.statusReason}`);
  return deleteIt(work, access, stack);
}

/** Made again it would put empty machines in the place of those that held the users' data. */
function isLoss(work: Work, known: CloudResource, { isHarmless = false }: StackLoss): boolean {
  return known.state === 'present' && work.operation.kind !== 'create' && !isHarmless;
}

function missing(name: string, what: string): PhaseOutcome {
  return { kind: 'failed', reason: reason('stack_missing', `stack ${name} ${what}`, { resource: `stack ${name}` }) };
}

function isDeleted({ action, status }: StackSummary): boolean {
  return action === 'DELETE' && status === 'COMPLETE';
}

/** Nova tells why long before Heat gives up, so a stack in progress is asked for what failed already. */
async function watchIt(work: Work, access: StackAccess, stack: StackSummary, asked: boolean): Promise<PhaseOutcome> {
  if (!asked) return waitFor(work, stack);
  const failure = await explainStack(access, work.ctx, stack);
  if (failure !== undefined) return { kind: 'failed', ...failure };
  const retried = await explainRetry(access, work.ctx, stack);
  return { ...waitFor(work, stack), ...(retried === undefined ? {} : { reason: retried }) };
}

/** A conflict is a name that is taken (a lost answer) or a stack that is busy: look again either way. */
async function act(work: Work, stack: { name: string }, call: () => Promise<unknown>): Promise<PhaseOutcome> {
  try {
    await call();
  } catch (error) {
    if (!isConflict(error) || error.faultType === 'OverQuota') throw error;
  } finally {
    work.deps.stacks.forget(work.cluster.projectId);
  }
  return waitFor(work, stack);
}

function waitFor(work: Work, { name }: { name: string }): Waiting {
  return { kind: 'wait', afterMs: work.deps.settings.pollMs, waitingFor: `stack ${name}`, stackNames: [name] };
}

/** Brings one stack to nothing, and its name to a tombstone. */
export async function ensureNoStack(work: Work, access: StackAccess, name: string): Promise<PhaseOutcome> {
  const known = (await listInventory(work)).find((resource) => resource.type === 'stack' && resource.name === name);
  if (known === undefined || known.state === 'gone') return done;
  const stack = await work.deps.stacks.look(access, work.ctx, work.cluster.projectId, name);
  if (stack === undefined || isDeleted(stack)) {
    await markGone(work, stackResource(name));
    return done;
  }
  if (stack.action === 'DELETE' && stack.status === 'IN_PROGRESS') return waitFor(work, stack);
  return deleteIt(work, access, stack);
}

async function deleteIt(work: Work, access: StackAccess, stack: StackSummary): Promise<PhaseOutcome> {
  const failure = stack.action === 'DELETE' ? await explainStack(access, work.ctx, stack) : undefined;
  const outcome = await act(work, stack, () =>
    deleteStack(access.session, work.ctx, { ...stack, projectId: access.projectId }),
  );
  // A delete that failed is tried again until the deadline; meanwhile the user sees what holds it.
  if (failure === undefined || outcome.kind !== 'wait') return outcome;
  return { ...outcome, afterMs: outcome.afterMs * 5, reason: failure.reason };
}

/** What it means that a stack that was there is gone. */
export interface StackLoss {
  /** It held nothing of the users': it is made again in whatever operation, not only in a create. */
  isHarmless?: boolean;
  /** Called before it is made again in a create: what its nodes reported is void. */
  forget: () => Promise<void>;
}

interface WantedTags {
  spec: string;
  operation: string;
}

function specTag(plan: StackPlan): string {
  return `spec-${createHash('sha256').update(JSON.stringify(plan)).digest('hex').slice(0, 16)}`;
}

function operationTag(work: Work): string {
  return `operation-${work.operation.uuid.slice(0, 13)}`;
}

function definition(work: Work, plan: StackPlan, wanted: WantedTags) {
  const minutes = Math.ceil((work.operation.deadlineAt - work.now()) / 60_000);
  return {
    template: { ...plan.template },
    parameters: plan.parameters,
    tags: [STACK_TAG, `cluster-${work.cluster.uuid}`, wanted.spec, wanted.operation],
    timeoutMinutes: Math.max(1, minutes),
  };
}
