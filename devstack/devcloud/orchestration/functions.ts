/** Where the functions of a template get their values. What is not known yet is undefined. */
export interface Resolver {
  parameter(name: string): unknown;
  resource(name: string): string | undefined;
  attribute(resource: string, attribute: string): unknown;
}

type Arguments = unknown[];
type Evaluate = (value: unknown) => unknown;

/** HOT's intrinsic functions, as far as Bayou's templates use them. */
const FUNCTIONS: Record<string, (argument: unknown, resolver: Resolver, evaluate: Evaluate) => unknown> = {
  get_param: (argument, resolver, evaluate) => {
    const [name, ...path] = evaluate([argument].flat()) as Arguments;
    return follow(resolver.parameter(String(name)), path);
  },
  get_resource: (argument, resolver) => resolver.resource(String(argument)),
  get_attr: (argument, resolver, evaluate) => {
    const [resource, attribute, ...path] = evaluate(argument) as Arguments;
    return follow(resolver.attribute(String(resource), String(attribute)), path);
  },
  str_replace: (argument, _, evaluate) => {
    const { template, params } = evaluate(argument) as { template?: unknown; params?: Record<string, unknown> };
    return strReplace(textOf(template), params ?? {});
  },
  list_join: (argument, _, evaluate) => {
    const [separator, ...lists] = evaluate(argument) as Arguments;
    return lists.flat().map(textOf).join(String(separator));
  },
};

/** A template's value with its functions carried out. */
export function evaluate(value: unknown, resolver: Resolver): unknown {
  if (Array.isArray(value)) return value.map((item) => evaluate(item, resolver));
  if (typeof value !== 'object' || value === null) return value;
  const call = functionCall(value);
  if (call !== undefined) {
    return FUNCTIONS[call.name]?.(call.argument, resolver, (inner) => evaluate(inner, resolver));
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, evaluate(item, resolver)]));
}

/** Names in `get_resource` and `get_attr`, anywhere below. */
export function referencedResources(value: unknown): string[] {
  return references(value, ['get_resource', 'get_attr']);
}

export function referencedParameters(value: unknown): string[] {
  return references(value, ['get_param']);
}

function references(value: unknown, functions: string[]): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => references(item, functions));
  if (typeof value !== 'object' || value === null) return [];
  const call = functionCall(value);
  const below = Object.values(value).flatMap((item) => references(item, functions));
  if (call === undefined || !functions.includes(call.name)) return below;
  const [name] = [call.argument].flat();
  return typeof name === 'string' ? [name, ...below] : below;
}

function functionCall(value: object): { name: string; argument: unknown } | undefined {
  const [entry, ...others] = Object.entries(value);
  if (entry === undefined || others.length > 0 || !Object.hasOwn(FUNCTIONS, entry[0])) return undefined;
  return { name: entry[0], argument: entry[1] };
}

function follow(value: unknown, path: unknown[]): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Record<string, unknown>)[String(step)];
  }
  return current;
}

/** All keys at once, the longest first, so that no replacement is replaced again. */
function strReplace(template: string, params: Record<string, unknown>): string {
  const keys = Object.keys(params)
    .filter((key) => key !== '')
    .sort((a, b) => b.length - a.length);
  if (keys.length === 0) return template;
  const pattern = new RegExp(keys.map((key) => key.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'), 'g');
  return template.replace(pattern, (key) => textOf(params[key]));
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
