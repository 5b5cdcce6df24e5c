import { onlyOne, undefinedIfMissing } from '../find.js';
import { allPages } from '../pages.js';
import { path } from '../path.js';
import type { CallContext, Session } from '../session.js';

export interface Flavor {
  id: string;
  name: string;
  vcpus: number;
  ramMib: number;
  diskGib: number;
}

interface FlavorBody {
  id: string;
  name: string;
  vcpus: number;
  ram: number;
  disk: number;
}

/** @throws ServiceError `ambiguous` when several flavors have the name. */
export async function findFlavor(session: Session, ctx: CallContext, idOrName: string): Promise<Flavor | undefined> {
  const byId = await undefinedIfMissing(
    session.request<{ flavor?: FlavorBody }>(ctx, {
      service: 'compute',
      method: 'GET',
      path: path('flavors', idOrName),
    }),
  );
  // A flavor's id is any text; `detail` is the path of a list.
  if (byId?.body.flavor !== undefined) return readFlavor(byId.body.flavor);
  const flavors = await listFlavors(session, ctx);
  const named = flavors.filter((flavor) => flavor.name === idOrName);
  return onlyOne(named, 'flavor', idOrName);
}

export async function listFlavors(session: Session, ctx: CallContext): Promise<Flavor[]> {
  return allPages(async ({ marker, limit }) => {
    const { body } = await session.request<{ flavors: FlavorBody[]; flavors_links?: unknown }>(ctx, {
      service: 'compute',
      method: 'GET',
      path: '/flavors/detail',
      query: { marker, limit },
    });
    return { items: body.flavors.map(readFlavor), more: body.flavors_links !== undefined };
  });
}

function readFlavor(body: FlavorBody): Flavor {
  return { id: body.id, name: body.name, vcpus: body.vcpus, ramMib: body.ram, diskGib: body.disk };
}
