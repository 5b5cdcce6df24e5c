import { parse } from 'yaml';
import { errorText } from '../../../common/errors.js';
import { CloudError } from '../cloud-error.js';
import { referencedParameters, referencedResources } from './functions.js';

export interface ParameterSchema {
  type: string;
  default?: unknown;
  constraints?: Record<string, unknown>[];
  hidden?: boolean;
}

export interface ResourceDefinition {
  type: string;
  properties: Record<string, unknown>;
  requires: string[];
}

export interface Template {
  description: string;
  parameters: Record<string, ParameterSchema>;
  resources: Map<string, ResourceDefinition>;
  outputs: Record<string, { value: unknown; description: string }>;
}

const MAX_TEMPLATE_BYTES = 512 * 1024;
const MAX_RESOURCES = 1000;
const SECTIONS = new Set([
  'heat_template_version',
  'description',
  'parameter_groups',
  'parameters',
  'resources',
  'outputs',
]);
const RESOURCE_KEYS = new Set(['type', 'properties', 'depends_on', 'metadata', 'deletion_policy', 'update_policy']);

/** Values that every template may ask for. */
export const PSEUDO_PARAMETERS = ['OS::stack_name', 'OS::stack_id', 'OS::project_id'];

/**
 * A HOT template, as YAML or JSON text or as an object.
 * @throws CloudError 400 or 403 with Heat's words.
 */
export function parseTemplate(source: unknown): Template {
  const document = parseDocument(source);
  const unknown = Object.keys(document).find((key) => !SECTIONS.has(key));
  if (unknown !== undefined) throw invalid(`"${unknown}" is not a valid section`, 'InvalidTemplateSection');
  const version = document.heat_template_version;
  if (typeof version !== 'string' || !/^(\d{4}-\d{2}-\d{2}|[a-z]+)$/.test(version)) {
    const message = `The template version is invalid: "heat_template_version: ${String(version)}".`;
    throw new CloudError(400, message, 'InvalidTemplateVersion');
  }
  const resources = parseResources(recordOf(document.resources));
  const template: Template = {
    description: typeof document.description === 'string' ? document.description : 'No description',
    parameters: recordOf(document.parameters) as Record<string, ParameterSchema>,
    resources,
    outputs: Object.fromEntries(
      Object.entries(recordOf(document.outputs)).map(([name, output]) => {
        const { value, description } = recordOf(output);
        return [name, { value, description: typeof description === 'string' ? description : 'No description given' }];
      }),
    ),
  };
  checkReferences(template);
  checkCycles(resources);
  return template;
}

function parseDocument(source: unknown): Record<string, unknown> {
  const text = typeof source === 'string' ? source : JSON.stringify(source ?? {});
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_TEMPLATE_BYTES) {
    const message = `Request limit exceeded: Template size (${bytes} bytes) exceeds maximum allowed size (${MAX_TEMPLATE_BYTES} bytes).`;
    throw new CloudError(400, message, 'RequestLimitExceeded');
  }
  if (typeof source !== 'string') return recordOf(source);
  try {
    return recordOf(parse(source));
  } catch (error) {
    throw invalid(`Template format error: ${errorText(error)}`, 'HTTPBadRequest');
  }
}

function parseResources(section: Record<string, unknown>): Map<string, ResourceDefinition> {
  const resources = new Map<string, ResourceDefinition>();
  for (const [name, value] of Object.entries(section)) {
    const definition = recordOf(value);
    if (typeof definition.type !== 'string') throw invalid(`Template format error: resources.${name} has no type`);
    const unknown = Object.keys(definition).find((key) => !RESOURCE_KEYS.has(key));
    if (unknown !== undefined) throw invalid(`"${unknown}" is not a valid keyword inside a resource definition`);
    const properties = recordOf(definition.properties);
    const dependsOn = [definition.depends_on ?? []].flat().map(String);
    const requires = [...new Set([...dependsOn, ...referencedResources(properties)])];
    resources.set(name, { type: definition.type, properties, requires });
  }
  if (resources.size > MAX_RESOURCES) {
    throw new CloudError(403, 'Maximum resources per stack exceeded.', 'StackResourceLimitExceeded');
  }
  return resources;
}

function checkReferences({ resources, parameters, outputs }: Template): void {
  for (const [name, { requires }] of resources) {
    const missing = requires.find((required) => !resources.has(required));
    if (missing !== undefined) {
      throw new CloudError(
        400,
        `The specified reference "${missing}" (in ${name}) is incorrect.`,
        'InvalidTemplateReference',
      );
    }
  }
  const values = [[...resources.values()].map((definition) => definition.properties), outputs];
  const unknown = referencedParameters(values).find(
    (name) => !(name in parameters) && !PSEUDO_PARAMETERS.includes(name),
  );
  if (unknown !== undefined) {
    throw new CloudError(400, `The Parameter (${unknown}) was not provided.`, 'UserParameterMissing');
  }
  const lost = referencedResources(outputs).find((name) => !resources.has(name));
  if (lost !== undefined) {
    throw new CloudError(
      400,
      `The specified reference "${lost}" (in outputs) is incorrect.`,
      'InvalidTemplateReference',
    );
  }
}

function checkCycles(resources: Map<string, ResourceDefinition>): void {
  const waiting = new Map([...resources].map(([name, { requires }]) => [name, new Set(requires)]));
  for (let found = true; found; ) {
    found = false;
    for (const [name, requires] of waiting) {
      if ([...requires].some((required) => waiting.has(required))) continue;
      waiting.delete(name);
      found = true;
    }
  }
  if (waiting.size === 0) return;
  const names = [...waiting.keys()].map((name) => `'${name}'`).join(', ');
  throw new CloudError(400, `Circular Dependency Found: [${names}]`, 'CircularDependencyException');
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

export function invalid(message: string, type = 'StackValidationFailed'): CloudError {
  return new CloudError(400, message, type);
}
