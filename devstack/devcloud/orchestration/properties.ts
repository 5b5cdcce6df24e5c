import type { Cloud, Owner } from '../cloud.js';
import { evaluate, type Resolver } from './functions.js';
import type { Stack } from './state.js';
import { invalid, type ResourceDefinition, type Template } from './template.js';
import { resourceType } from './types/registry.js';
import type { Properties, PropertyRule, ResourceType } from './types/resource-type.js';

/** Values as they are known at this moment of the stack's life. */
export function resolverOf(cloud: Cloud, stack: Stack): Resolver {
  const physicalId = (name: string) => stack.resources.get(name)?.physicalId;
  const pseudo: Record<string, string> = {
    'OS::stack_name': stack.name,
    'OS::stack_id': stack.id,
    'OS::project_id': stack.projectId,
  };
  return {
    parameter: (name) => stack.parameters[name] ?? pseudo[name],
    resource: physicalId,
    attribute: (name, attribute) => {
      const id = physicalId(name);
      const type = resourceType(stack.resources.get(name)?.type ?? '');
      return id === undefined ? undefined : type?.attributes(cloud, id)?.[attribute];
    },
  };
}

/** A resource's properties with their functions carried out; what is null or unknown is left out. */
export function propertiesOf(cloud: Cloud, stack: Stack, name: string, definition: ResourceDefinition): Properties {
  const values = evaluate(definition.properties, resolverOf(cloud, stack)) as Properties;
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== null);
  return { name: `${stack.name}-${name}`, ...Object.fromEntries(given) };
}

/**
 * What Heat finds wrong before it makes anything: types, properties, and the names of what must exist.
 * @throws CloudError 400
 */
export function validateResources(cloud: Cloud, owner: Owner, template: Template, parameters: Properties): void {
  const resolver: Resolver = {
    parameter: (name) => parameters[name] ?? '',
    resource: () => undefined,
    attribute: () => undefined,
  };
  for (const [name, definition] of template.resources) {
    const type = resourceType(definition.type);
    if (type === undefined) {
      throw invalid(`resources.${name}: The Resource Type (${definition.type}) could not be found.`);
    }
    const values = evaluate(definition.properties, resolver) as Properties;
    validateProperties(name, type, definition, values);
    for (const [property, { finds }] of Object.entries(type.properties)) {
      const value = values[property];
      const problem = typeof value === 'string' ? finds?.(cloud, owner, value) : undefined;
      if (problem === undefined) continue;
      throw invalid(
        `Property error: : resources.${name}.properties.${property}: : Error validating value '${String(value)}': ${problem}`,
      );
    }
  }
}

function validateProperties(
  name: string,
  type: ResourceType,
  definition: ResourceDefinition,
  values: Properties,
): void {
  const place = `resources.${name}.properties`;
  for (const [property, value] of Object.entries(values)) {
    const rule = type.properties[property];
    if (rule === undefined) throw invalid(`Property error: : ${place}: : Unknown Property ${property}`);
    if (value === undefined || value === null) continue;
    const problem = mismatch(rule, value);
    if (problem !== undefined) throw invalid(`Property error: : ${place}.${property}: : ${problem}`);
  }
  const missing = Object.entries(type.properties).find(
    ([property, rule]) => rule.required === true && definition.properties[property] === undefined,
  );
  if (missing !== undefined) throw invalid(`Property error: : ${place}: : Property ${missing[0]} not assigned`);
}

/** Heat turns numbers into text and back by itself; shapes it does not. */
function mismatch(rule: PropertyRule, value: unknown): string | undefined {
  const isMap = typeof value === 'object' && !Array.isArray(value);
  const items = rule.type === 'map' ? [value] : Array.isArray(value) ? value : [];
  if (rule.type === 'list' && !Array.isArray(value)) return `"${String(value)}" is not a list`;
  if (rule.type === 'map' && !isMap) return `"${String(value)}" is not a map`;
  if (rule.type === 'string' && typeof value === 'object') return 'Value must be a string';
  if (rule.type === 'number' && Number.isNaN(Number(value))) return `Value '${String(value)}' is not a number`;
  if (rule.type === 'boolean' && !/^(true|false|1|0|yes|no|on|off)$/i.test(String(value))) {
    return `"${String(value)}" is not a valid boolean`;
  }
  for (const item of rule.keys === undefined ? [] : items) {
    const unknown = Object.keys(item ?? {}).find((key) => !rule.keys?.includes(key));
    if (unknown !== undefined) return `Unknown Property ${unknown}`;
  }
  return undefined;
}
