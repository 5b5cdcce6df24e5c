import { z } from 'zod';
import type { NodeGroup, NodeTaint } from '../../common/db/node-groups.js';
import type { Problem } from '../cluster-types.js';
import { choice } from '../fields.js';
import { parse } from '../validation.js';

/**
 * Labels and taints that Kubernetes puts on the nodes of a group, with its syntax and upstream's rules. What is
 * wrong with them is a conflict (409), as upstream.
 */
const MAX_LABELS = 128;
const MAX_TAINTS = 64;
const MAX_NAME = 63;
const MAX_PREFIX = 253;

const NAME = /^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

const KEY_FORM = 'must be a name of at most 63 characters, a DNS subdomain and "/" before it at most';
const VALUE_FORM = 'must be empty, or at most 63 letters, digits, "_", "." and "-", not at its ends';

/** A kubelet may not set others of Kubernetes' own (admission plug-in NodeRestriction). */
const OPEN_DOMAINS = ['kubelet.kubernetes.io', 'node.kubernetes.io'];
const OPEN_KEYS = new Set([
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/instance-type',
  'beta.kubernetes.io/os',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'kubernetes.io/arch',
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
]);

function isKey(key: string): boolean {
  const slash = key.indexOf('/');
  const [prefix, name] = slash < 0 ? [undefined, key] : [key.slice(0, slash), key.slice(slash + 1)];
  if (prefix !== undefined && (prefix.length > MAX_PREFIX || !DNS_SUBDOMAIN.test(prefix))) return false;
  return name.length <= MAX_NAME && NAME.test(name);
}

function isValue(value: string): boolean {
  return value === '' || (value.length <= MAX_NAME && NAME.test(value));
}

function isOpen(key: string): boolean {
  const prefix = key.slice(0, Math.max(0, key.indexOf('/')));
  const isIn = (domain: string) => prefix === domain || prefix.endsWith(`.${domain}`);
  if (!isIn('kubernetes.io') && !isIn('k8s.io')) return true;
  return OPEN_KEYS.has(key) || OPEN_DOMAINS.some(isIn);
}

const text = z.string({ error: ({ input }) => (input === undefined ? 'missing' : 'must be a text') });
const value = text.refine(isValue, VALUE_FORM);

const labelEntries = z
  .record(z.string(), z.union([z.number(), z.boolean(), text]).transform(String).pipe(value), {
    error: 'must be an object of names and texts',
  })
  .superRefine((labels, context) => {
    const keys = Object.keys(labels);
    const problem = (message: string, path: string[]) => context.addIssue({ code: 'custom', message, path });
    if (keys.length > MAX_LABELS) problem(`must be at most ${MAX_LABELS}`, []);
    for (const key of keys) {
      if (!isKey(key)) problem(`the key ${KEY_FORM}`, [key]);
      else if (!isOpen(key)) problem('this key is reserved by Kubernetes', [key]);
    }
  });

const taint = z.strictObject(
  {
    key: text.refine(isKey, KEY_FORM),
    value: z.preprocess((given) => given ?? undefined, value.optional()),
    effect: choice(['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
  },
  { error: (issue) => (issue.code === 'invalid_type' ? 'must be an object of key, value and effect' : undefined) },
);

const taintList = z
  .array(taint, { error: 'must be a list of taints' })
  .max(MAX_TAINTS, `must be at most ${MAX_TAINTS}`)
  .superRefine((taints, context) => {
    const seen = new Set<string>();
    for (const [index, { key, effect }] of taints.entries()) {
      if (seen.has(`${key} ${effect}`)) {
        context.addIssue({ code: 'custom', message: `there is another ${effect} of ${key}`, path: [index] });
      }
      seen.add(`${key} ${effect}`);
    }
  });

const schema = z.object({
  node_labels: z.preprocess((given) => given ?? {}, labelEntries),
  node_taints: z.preprocess((given) => given ?? [], taintList),
});

/** In a body anything: what is wrong with them is judged by `parseScheduling`. */
export const schedulingFields = { node_labels: judgedLater(labelEntries), node_taints: judgedLater(taintList) };

function judgedLater(wanted: z.ZodType) {
  const { $schema: _dialect, ...shape } = z.toJSONSchema(wanted, { io: 'input', unrepresentable: 'any' });
  return z.unknown().optional().meta(shape);
}

export interface Scheduling {
  nodeLabels: Record<string, string>;
  nodeTaints: NodeTaint[];
}

/** @throws ServiceError `conflict` that names every label and taint at fault. */
export function parseScheduling(given: { node_labels?: unknown; node_taints?: unknown }): Scheduling {
  const { node_labels: nodeLabels, node_taints: nodeTaints } = parse(schema, given, 'conflict');
  return {
    nodeLabels,
    nodeTaints: nodeTaints.map(({ key, value: given, effect }) => ({
      key,
      ...(given === undefined ? {} : { value: given }),
      effect,
    })),
  };
}

/** For groups whose nodes can have neither: each of the two that is given. */
export function noScheduling(
  { nodeLabels, nodeTaints }: Pick<NodeGroup, 'nodeLabels' | 'nodeTaints'>,
  message: string,
): Problem[] {
  const given = { node_labels: Object.keys(nodeLabels), node_taints: nodeTaints };
  return Object.entries(given).flatMap(([field, entries]) => (entries.length === 0 ? [] : [{ field, message }]));
}
