import { DEFAULT_MASTER_GROUP, DEFAULT_WORKER_GROUP, type NodeGroup } from '../common/db/node-groups.js';

/**
 * Names of what is made in the cloud. Deterministic, so that what a lost answer hides can be found
 * again; unique by a part of the cluster's id, since users may give two clusters one name.
 */

/** `system:node:<name of the node>` is the name in a certificate, which has 64 characters (RFC 5280). */
const MAX_NAME_PART = 20;
const ID_PART = 8;
const MAX_GROUP_PART = 12;

/** Lower-case letters, digits and hyphens, a letter first: what Heat, Nova and host names all take. */
function slug(text: string, maxLength: number): string {
  const clean = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, maxLength)
    .replace(/-+$/, '');
  return clean === '' ? 'x' : clean;
}

export function clusterNamePrefix(cluster: { uuid: string; name: string }): string {
  return `${slug(cluster.name, MAX_NAME_PART)}-${cluster.uuid.replaceAll('-', '').slice(0, ID_PART)}`;
}

function groupPart(group: Pick<NodeGroup, 'name' | 'uuid' | 'isDefault'>): string {
  if (group.name === DEFAULT_MASTER_GROUP) return 'master';
  if (group.name === DEFAULT_WORKER_GROUP) return 'worker';
  return `${slug(group.name, MAX_GROUP_PART)}-${group.uuid.slice(0, 4)}`;
}

/** At most 52 characters for ordinals below 1000. */
export function nodeName(
  prefix: string,
  group: Pick<NodeGroup, 'name' | 'uuid' | 'isDefault'>,
  ordinal: number,
): string {
  return `${prefix}-${groupPart(group)}-${ordinal}`;
}

export function infrastructureStackName(prefix: string): string {
  return `${prefix}-infra`;
}

/** Swift's container of the cluster's registry. */
export function registryContainerName(prefix: string): string {
  return `${prefix}-registry`;
}

export function loadBalancerStackName(prefix: string): string {
  return `${prefix}-lb`;
}

/** Whether a stack of a cluster is one of its node stacks. */
export function isNodeStackName(name: string): boolean {
  return /s-\d+$/.test(name);
}

export function nodeStackName(
  prefix: string,
  group: Pick<NodeGroup, 'name' | 'uuid' | 'isDefault'>,
  index: number,
): string {
  return `${prefix}-${groupPart(group)}s-${index}`;
}
