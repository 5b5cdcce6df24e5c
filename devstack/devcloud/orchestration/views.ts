import type { Cloud } from '../cloud.js';
import { evaluate } from './functions.js';
import { resolverOf } from './properties.js';
import type { Stack, StackResource } from './state.js';
import { resourceType } from './types/registry.js';

export function stackUrl(cloud: Cloud, stack: Stack): string {
  return `${cloud.url}/orchestration/v1/${stack.projectId}/stacks/${encodeURIComponent(stack.name)}/${stack.id}`;
}

/** In a list only an admin is told the project. */
export function listedView(cloud: Cloud, stack: Stack, isAdmin: boolean): Record<string, unknown> {
  const { project, ...others } = summaryView(cloud, stack);
  return isAdmin ? { ...others, project } : others;
}

function summaryView(cloud: Cloud, stack: Stack): Record<string, unknown> {
  return {
    id: stack.id,
    stack_name: stack.name,
    description: stack.template.description,
    project: stack.projectId,
    creation_time: heatTime(stack.createdAt),
    updated_time: stack.updatedAt === undefined ? null : heatTime(stack.updatedAt),
    deletion_time: null,
    stack_status: `${stack.action}_${stack.status}`,
    stack_status_reason: stack.reason,
    stack_owner: cloud.identity.users.get(stack.userId)?.name ?? null,
    parent: null,
    tags: stack.tags.length === 0 ? null : stack.tags,
    links: [{ rel: 'self', href: stackUrl(cloud, stack) }],
  };
}

export function stackView(cloud: Cloud, stack: Stack): Record<string, unknown> {
  const resolver = resolverOf(cloud, stack);
  const parameters = Object.entries(stack.parameters).map(([name, value]) => {
    if (stack.template.parameters[name]?.hidden === true) return [name, '******'];
    return [name, typeof value === 'object' ? JSON.stringify(value) : String(value)];
  });
  return {
    ...summaryView(cloud, stack),
    template_description: stack.template.description,
    parameters: {
      'OS::project_id': stack.projectId,
      'OS::stack_id': stack.id,
      'OS::stack_name': stack.name,
      ...Object.fromEntries(parameters),
    },
    outputs: Object.entries(stack.template.outputs).map(([name, { value, description }]) => ({
      output_key: name,
      output_value: evaluate(value, resolver) ?? null,
      description,
    })),
    timeout_mins: stack.timeoutMinutes,
    disable_rollback: stack.disableRollback,
    stack_user_project_id: null,
    capabilities: [],
    notification_topics: [],
  };
}

export function resourceView(cloud: Cloud, stack: Stack, resource: StackResource): Record<string, unknown> {
  const { physicalId } = resource;
  const attributes = physicalId === undefined ? {} : resourceType(resource.type)?.attributes(cloud, physicalId);
  return {
    resource_name: resource.name,
    logical_resource_id: resource.name,
    physical_resource_id: physicalId ?? '',
    resource_type: resource.type,
    resource_status: `${resource.action}_${resource.status}`,
    resource_status_reason: resource.reason,
    creation_time: heatTime(resource.createdAt),
    updated_time: heatTime(resource.updatedAt),
    required_by: [...stack.resources.values()]
      .filter((other) => other.requires.includes(resource.name))
      .map((other) => other.name),
    attributes: attributes ?? {},
    links: [{ rel: 'self', href: `${stackUrl(cloud, stack)}/resources/${resource.name}` }],
  };
}

/** Whole seconds, as Heat writes it. */
function heatTime(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z/, 'Z');
}
