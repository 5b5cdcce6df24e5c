/** A label that a driver understands, and what an order may say with it. */
export type LabelDefinition = {
  help: string;
  /** What an order without it has, where that is the same for all. */
  default?: string;
  /** Whether a node group may have another value than its cluster. */
  ofGroups?: true;
} & (
  | { type: 'text'; like?: { pattern: RegExp; words: string } }
  | { type: 'boolean' | 'cidr' }
  | { type: 'integer'; min: number; max: number }
  | { type: 'choice'; values: readonly string[] }
  /** Of upstream's drivers, without a meaning here: accepted, and explained in an event. */
  | { type: 'meaningless' }
);
