import type { Cloud, Owner } from '../../cloud.js';
import { CloudError } from '../../cloud-error.js';
import { findFlavor } from '../../compute/flavors.js';
import { findImage } from '../../image/images.js';

interface NamedItem {
  id: string;
  name: string;
  project_id: string;
}

type NeutronKind = 'network' | 'subnet' | 'port' | 'router';

function itemsOf(cloud: Cloud, kind: NeutronKind): Map<string, NamedItem> {
  const { networks, subnets, ports, routers } = cloud.network;
  return { network: networks, subnet: subnets, port: ports, router: routers }[kind];
}

function find(cloud: Cloud, owner: Owner, kind: NeutronKind, idOrName: string): NamedItem | undefined {
  const items = itemsOf(cloud, kind);
  const byId = items.get(idOrName);
  if (byId !== undefined) return byId;
  const named = [...items.values()].filter((item) => item.name === idOrName);
  return named.find((item) => item.project_id === owner.projectId) ?? named[0];
}

/**
 * The id of what Heat's user called by id or name.
 * @throws CloudError 404
 */
export function neutronId(cloud: Cloud, owner: Owner, kind: NeutronKind, idOrName: unknown): string {
  const found = find(cloud, owner, kind, String(idOrName));
  if (found !== undefined) return found.id;
  throw new CloudError(404, `Unable to find ${kind} with name or id '${String(idOrName)}'`);
}

/** Heat's custom constraints: what a property names must exist before anything is made. */
export function existing(kind: NeutronKind): (cloud: Cloud, owner: Owner, value: string) => string | undefined {
  return (cloud, owner, value) =>
    find(cloud, owner, kind, value) === undefined ? `Unable to find ${kind} with name or id '${value}'` : undefined;
}

export function existingImage(cloud: Cloud, _: Owner, value: string): string | undefined {
  return findImage(cloud, value) === undefined ? `No images matching {'name': '${value}'}.` : undefined;
}

export function existingFlavor(cloud: Cloud, _: Owner, value: string): string | undefined {
  return findFlavor(cloud, value) === undefined ? `No Flavor matching {'name': '${value}'}.` : undefined;
}

export function existingKeypair(cloud: Cloud, owner: Owner, value: string): string | undefined {
  return cloud.compute.keypair(owner.userId, value) === undefined
    ? `The Key (${value}) could not be found.`
    : undefined;
}
