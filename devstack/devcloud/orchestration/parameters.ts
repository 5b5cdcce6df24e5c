import { errorText } from '../../../common/errors.js';
import { CloudError } from '../cloud-error.js';
import { invalid, type ParameterSchema, type Template } from './template.js';

/** How a given value becomes one of the type; throws with the reason why it can't. */
const READERS: Record<string, (value: unknown) => unknown> = {
  string: (value) => (typeof value === 'object' ? JSON.stringify(value) : String(value)),
  number: (value) => {
    const number = Number(value);
    if (value === '' || Number.isNaN(number)) throw new Error(`could not convert string to float: '${String(value)}'`);
    return number;
  },
  boolean: (value) => {
    const word = String(value).toLowerCase();
    if (['true', 't', '1', 'on', 'y', 'yes'].includes(word)) return true;
    if (['false', 'f', '0', 'off', 'n', 'no'].includes(word)) return false;
    throw new Error(`Unrecognized value '${String(value)}'`);
  },
  comma_delimited_list: (value) => {
    if (Array.isArray(value)) return value;
    return value === ''
      ? []
      : String(value)
          .split(',')
          .map((item) => item.trim());
  },
  json: (value) => (typeof value === 'string' ? JSON.parse(value) : value),
};

type Bounds = { min?: number; max?: number };

/** Undefined where the value fits; Heat's words where it does not. */
const CONSTRAINTS: Record<string, (value: unknown, rule: unknown) => string | undefined> = {
  length: (value, rule) => {
    const length = typeof value === 'string' || Array.isArray(value) ? value.length : 0;
    const { min = 0, max = Number.POSITIVE_INFINITY } = rule as Bounds;
    return length >= min && length <= max ? undefined : `length (${length}) is out of range (min: ${min}, max: ${max})`;
  },
  range: (value, rule) => {
    const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = rule as Bounds;
    const number = Number(value);
    return number >= min && number <= max ? undefined : `${number} is out of range (min: ${min}, max: ${max})`;
  },
  allowed_values: (value, rule) =>
    (rule as unknown[]).some((allowed) => String(allowed) === String(value))
      ? undefined
      : `${JSON.stringify(value)} is not an allowed value ${JSON.stringify(rule)}`,
  allowed_pattern: (value, rule) =>
    new RegExp(`^(?:${String(rule)})$`).test(String(value))
      ? undefined
      : `"${String(value)}" does not match pattern "${String(rule)}"`,
};

/**
 * The values of a template's parameters: given, or by default, each of its type and within its constraints.
 * @throws CloudError 400
 */
export function readParameters(template: Template, given: Record<string, unknown>): Record<string, unknown> {
  const unknown = Object.keys(given).find((name) => !(name in template.parameters));
  if (unknown !== undefined) {
    throw new CloudError(400, `The Parameter (${unknown}) was not defined in template.`, 'UnknownUserParameter');
  }
  return Object.fromEntries(
    Object.entries(template.parameters).map(([name, schema]) => {
      const value = given[name] ?? schema.default;
      if (value === undefined) {
        throw new CloudError(400, `The Parameter (${name}) was not provided.`, 'UserParameterMissing');
      }
      return [name, readParameter(name, schema, value)];
    }),
  );
}

function readParameter(name: string, schema: ParameterSchema, given: unknown): unknown {
  const reader = READERS[schema.type];
  if (reader === undefined) throw invalid(`Invalid type (${schema.type}) for parameter ${name}`, 'InvalidSchemaError');
  let value: unknown;
  try {
    value = reader(given);
  } catch (error) {
    throw invalid(`Parameter '${name}' is invalid: ${errorText(error)}`);
  }
  for (const constraint of schema.constraints ?? []) {
    for (const [kind, rule] of Object.entries(constraint)) {
      const problem = CONSTRAINTS[kind]?.(value, rule);
      if (problem === undefined) continue;
      const words = typeof constraint.description === 'string' ? constraint.description : problem;
      throw invalid(`Parameter '${name}' is invalid: ${words}`);
    }
  }
  return value;
}
