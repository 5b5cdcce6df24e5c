import type { Cloud, Owner } from '../../cloud.js';
import type { ResourceDefinition, Template } from '../template.js';

export interface PropertyRule {
  type: 'string' | 'number' | 'boolean' | 'list' | 'map';
  required?: true;
  /** A change is carried out on the same object. Otherwise the object is replaced. */
  update?: 'inPlace';
  /** Keys that the map, or each map in the list, may have. */
  keys?: string[];
  /** Undefined when what a name or id stands for exists; Heat's words when it does not. */
  finds?: (cloud: Cloud, owner: Owner, value: string) => string | undefined;
}

export type Properties = Record<string, unknown>;

/** What Heat knows about a kind of resource. */
export interface ResourceType {
  properties: Record<string, PropertyRule>;
  /** Whose client Heat asks: it decides how a refusal reads. */
  service: 'compute' | 'network' | 'load-balancer' | 'volume';
  /** @returns the physical id */
  create(cloud: Cloud, owner: Owner, properties: Properties): string;
  /**
   * Whether it is ready; ready at once when left out.
   * @throws ResourceInError
   */
  isReady?(cloud: Cloud, id: string): boolean;
  /** Whether it may stay, although these properties have changed; by default when each is updated in place. */
  staysOn?(changed: string[], properties: Properties): boolean;
  update?(cloud: Cloud, owner: Owner, id: string, properties: Properties, changed: string[]): void;
  remove(cloud: Cloud, id: string): void;
  attributes(cloud: Cloud, id: string): Record<string, unknown> | undefined;
  /** Resources that Heat puts before it without being told. */
  requires?(definition: ResourceDefinition, template: Template): string[];
}

/** A resource that was accepted and failed later. */
export class ResourceInError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ResourceInError';
  }
}

/** The names of the template's resources that `test` picks. */
export function namesOf(template: Template, test: (definition: ResourceDefinition) => boolean): string[] {
  return [...template.resources].filter(([, definition]) => test(definition)).map(([name]) => name);
}
