import type { Cloud } from '../cloud.js';
import { CloudError } from '../cloud-error.js';
import { type Call, param, type Reply, type Route } from '../http/route.js';
import { type Caller, forbidden, type ProjectCaller, projectMember, projectReader } from '../identity/callers.js';
import { requireHeatsTrust } from '../identity/trusts.js';
import { beginAction } from './engine.js';
import { listEvents } from './events.js';
import { readParameters } from './parameters.js';
import { validateResources } from './properties.js';
import type { Stack } from './state.js';
import { parseTemplate, type Template } from './template.js';
import { listedView, resourceView, stackUrl, stackView } from './views.js';

const BASE = '/v1/:project/stacks';

export function stackRoutes(cloud: Cloud): Route[] {
  const redirect = (call: Call, caller: Caller): Reply => {
    projectOf(call, caller);
    // By name even an admin finds only what is in the token's own project.
    const stack = activeStack(cloud, call, caller.projectId);
    return {
      status: 302,
      headers: { Location: stackUrl(cloud, stack) },
      body: '<html><title>302 Found</title></html>',
    };
  };
  return [
    { method: 'GET', path: BASE, handle: (call, caller) => list(cloud, call, caller) },
    { method: 'POST', path: BASE, handle: (call, caller) => create(cloud, call, caller) },
    { method: 'GET', path: `${BASE}/:name`, handle: redirect },
    { method: 'DELETE', path: `${BASE}/:name`, handle: redirect },
    {
      method: 'GET',
      path: `${BASE}/:name/:id`,
      handle: (call, caller) => {
        const stack = findStack(cloud, call, projectOf(call, caller));
        return { status: 200, body: { stack: stackView(cloud, stack) } };
      },
    },
    { method: 'PUT', path: `${BASE}/:name/:id`, handle: (call, caller) => update(cloud, call, caller, false) },
    { method: 'PATCH', path: `${BASE}/:name/:id`, handle: (call, caller) => update(cloud, call, caller, true) },
    { method: 'DELETE', path: `${BASE}/:name/:id`, handle: (call, caller) => remove(cloud, call, caller) },
    {
      method: 'GET',
      path: `${BASE}/:name/:id/resources`,
      handle: (call, caller) => {
        const stack = findStack(cloud, call, projectOf(call, caller));
        const resources = [...stack.resources.values()].map((resource) => resourceView(cloud, stack, resource));
        return { status: 200, body: { resources } };
      },
    },
    {
      method: 'GET',
      path: `${BASE}/:name/:id/events`,
      handle: (call, caller) => {
        const stack = findStack(cloud, call, projectOf(call, caller));
        return { status: 200, body: { events: listEvents(stack, call.query) } };
      },
    },
    {
      method: 'GET',
      path: `${BASE}/:name/:id/resources/:resource`,
      handle: (call, caller) => {
        const stack = findStack(cloud, call, projectOf(call, caller));
        const name = param(call, 'resource');
        const resource = stack.resources.get(name);
        if (resource !== undefined) return { status: 200, body: { resource: resourceView(cloud, stack, resource) } };
        const message = `The Resource (${name}) could not be found in Stack ${stack.name}.`;
        throw new CloudError(404, message, 'EntityNotFound');
      },
    },
  ];
}

/** The path's project: the caller's own, or any for an admin. */
function projectOf(call: Call, caller: Caller): string {
  const wanted = param(call, 'project');
  if (projectReader(caller).projectId !== wanted && !caller.isAdmin) throw forbidden('stacks of another project');
  return wanted;
}

/** By name or id, among those that are not deleted. */
function activeStack(cloud: Cloud, call: Call, projectId = ''): Stack {
  const wanted = param(call, 'name');
  const stack = cloud.orchestration.stacksOf(projectId).find(({ name, id }) => name === wanted || id === wanted);
  if (stack !== undefined) return stack;
  throw new CloudError(404, `The Stack (${wanted}) could not be found.`, 'EntityNotFound');
}

/** By id; a deleted one can still be looked at. */
function findStack(cloud: Cloud, call: Call, projectId: string): Stack {
  const { stacks } = cloud.orchestration;
  const stack = stacks.get(param(call, 'id')) ?? cloud.orchestration.deleted(param(call, 'id'));
  if (stack !== undefined && stack.projectId === projectId && stack.name === param(call, 'name')) return stack;
  throw new CloudError(404, `The Stack (${param(call, 'name')}) could not be found.`, 'EntityNotFound');
}

/** To an admin Heat lists the stacks of all projects, whichever project the path names. */
function list(cloud: Cloud, call: Call, caller: Caller): Reply {
  if (['true', '1'].includes((call.query.get('global_tenant') ?? '').toLowerCase()))
    throw forbidden('stacks:global_index');
  const tags = (call.query.get('tags') ?? '').split(',').filter((tag) => tag !== '');
  const name = call.query.get('name');
  const projectId = projectOf(call, caller);
  const found = [...cloud.orchestration.stacks.values()]
    .filter((stack) => caller.isAdmin || stack.projectId === projectId)
    .filter((stack) => tags.every((tag) => stack.tags.includes(tag)) && (name === null || stack.name === name))
    .reverse(); // newest first
  const marker = call.query.get('marker');
  const start = marker === null ? 0 : found.findIndex((stack) => stack.id === marker) + 1;
  const limit = Number(call.query.get('limit') ?? 0) || found.length;
  const page = marker !== null && start === 0 ? [] : found.slice(start, start + limit);
  const counted = ['true', '1'].includes((call.query.get('with_count') ?? '').toLowerCase());
  const stacks = page.map((stack) => listedView(cloud, stack, caller.isAdmin));
  return { status: 200, body: { stacks, ...(counted ? { count: found.length } : {}) } };
}

interface StackInput {
  stack_name?: string;
  template?: unknown;
  parameters?: Record<string, unknown>;
  environment?: { parameters?: Record<string, unknown> };
  tags?: string;
  timeout_mins?: number;
  disable_rollback?: boolean;
}

function create(cloud: Cloud, call: Call, caller: Caller): Reply {
  const input = call.body as StackInput;
  const owner = projectMember(caller);
  projectOf(call, caller);
  requireHeatsTrust(cloud, caller);
  const name = input.stack_name ?? '';
  if (!/^[a-zA-Z][a-zA-Z0-9_.-]{0,254}$/.test(name)) {
    const message = `Invalid stack name ${name} must contain only alphanumeric or "_-." characters, must start with alpha and must be 255 characters or less.`;
    throw new CloudError(400, message, 'StackValidationFailed');
  }
  const { template, parameters } = readDefinition(cloud, owner, input);
  const stacks = cloud.orchestration.stacksOf(owner.projectId);
  if (stacks.some((stack) => stack.name === name)) {
    throw new CloudError(409, `The Stack (${name}) already exists.`, 'StackExists');
  }
  const limit = cloud.quotas.limits(owner.projectId).stacks;
  if (limit >= 0 && stacks.length >= limit) {
    const message = `You have reached the maximum stacks per tenant, ${limit}. Please delete some stacks.`;
    throw new CloudError(400, `Request limit exceeded: ${message}`, 'RequestLimitExceeded');
  }
  const now = cloud.clock.now();
  const stack: Stack = {
    id: cloud.ids.uuid(),
    name,
    projectId: owner.projectId,
    userId: owner.userId,
    trustId: owner.token.trustId,
    template,
    parameters,
    tags: tagsOf(input),
    timeoutMinutes: timeoutOf(input),
    disableRollback: input.disable_rollback ?? true,
    action: 'CREATE',
    status: 'IN_PROGRESS',
    reason: '',
    createdAt: now,
    updatedAt: undefined,
    deadlineAt: now,
    resources: new Map(),
    events: [],
    pending: new Set(),
    settling: new Set(),
    leaving: new Set(),
    cancelStep: () => {},
  };
  cloud.orchestration.stacks.set(stack.id, stack);
  beginAction(cloud, stack, 'CREATE');
  return { status: 201, body: { stack: { id: stack.id, links: [{ rel: 'self', href: stackUrl(cloud, stack) }] } } };
}

/**
 * `keeps`: a PATCH leaves as it is what it does not name. One that comes while the stack is made or changed
 * takes its place, as with Heat's convergence engine.
 */
function update(cloud: Cloud, call: Call, caller: Caller, keeps: boolean): Reply {
  const input = call.body as StackInput;
  projectMember(caller);
  const stack = findStack(cloud, call, projectOf(call, caller));
  refuseDeleted(stack);
  if (stack.action === 'DELETE') {
    throw new CloudError(400, 'Updating a stack when it is deleting is not supported.', 'NotSupported');
  }
  const given = { ...input.environment?.parameters, ...input.parameters };
  const template = keeps && input.template === undefined ? stack.template : parseTemplate(input.template);
  const kept = Object.entries(keeps ? stack.parameters : {}).filter(([name]) => name in template.parameters);
  const parameters = readParameters(template, { ...Object.fromEntries(kept), ...given });
  validateResources(cloud, stack, template, parameters);
  requireHeatsTrust(cloud, caller, stack);
  stack.trustId = caller.token.trustId ?? stack.trustId;
  stack.template = template;
  stack.parameters = parameters;
  stack.tags = keeps && input.tags === undefined ? stack.tags : tagsOf(input);
  stack.timeoutMinutes = keeps && input.timeout_mins === undefined ? stack.timeoutMinutes : timeoutOf(input);
  beginAction(cloud, stack, 'UPDATE');
  return { status: 202 };
}

/** A stack in whatever state may be deleted; asking twice is no error. */
function remove(cloud: Cloud, call: Call, caller: Caller): Reply {
  projectMember(caller);
  const stack = findStack(cloud, call, projectOf(call, caller));
  refuseDeleted(stack);
  const isUnderWay = stack.action === 'DELETE' && stack.status === 'IN_PROGRESS';
  if (!isUnderWay) beginAction(cloud, stack, 'DELETE');
  return { status: 204 };
}

function refuseDeleted(stack: Stack): void {
  if (stack.action !== 'DELETE' || stack.status !== 'COMPLETE') return;
  throw new CloudError(404, `The Stack (${stack.name}) could not be found.`, 'EntityNotFound');
}

function readDefinition(
  cloud: Cloud,
  owner: ProjectCaller,
  input: StackInput,
): { template: Template; parameters: Record<string, unknown> } {
  if (input.template === undefined) throw new CloudError(400, 'No template specified');
  const template = parseTemplate(input.template);
  const parameters = readParameters(template, { ...input.environment?.parameters, ...input.parameters });
  validateResources(cloud, owner, template, parameters);
  return { template, parameters };
}

function tagsOf(input: StackInput): string[] {
  return (input.tags ?? '').split(',').filter((tag) => tag !== '');
}

const DEFAULT_TIMEOUT_MINUTES = 60;

function timeoutOf(input: StackInput): number {
  return input.timeout_mins ?? DEFAULT_TIMEOUT_MINUTES;
}
