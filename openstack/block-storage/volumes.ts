import { existed } from '../find.js';
import { allPages } from '../pages.js';
import { path } from '../path.js';
import type { CallContext, Session } from '../session.js';
import { type Found, ofProject, readItem, type VolumeItem } from './volume-item.js';

export interface Volume extends VolumeItem {
  sizeGib: number;
}

interface VolumeBody extends Found {
  size: number;
  'os-vol-tenant-attr:tenant_id'?: string;
}

/**
 * Of one project, with all of this metadata. `isAdmin`: the session's project is another one.
 * @throws OpenStackError 400 where the operator lets nobody look by metadata (Cinder's resource_filters.json)
 */
export async function listVolumes(
  session: Session,
  ctx: CallContext,
  input: { projectId: string; isAdmin: boolean; metadata: Readonly<Record<string, string>> },
): Promise<Volume[]> {
  return allPages(async ({ marker, limit }) => {
    const { body } = await session.request<{ volumes: VolumeBody[]; volumes_links?: { rel: string }[] }>(ctx, {
      service: 'block-storage',
      method: 'GET',
      path: '/volumes/detail',
      query: { ...ofProject(input), metadata: JSON.stringify(input.metadata), limit, marker },
    });
    const items = body.volumes.map((volume) => ({
      ...readItem(volume, volume['os-vol-tenant-attr:tenant_id']),
      sizeGib: volume.size,
    }));
    return { items, more: body.volumes_links?.some(({ rel }) => rel === 'next') === true };
  });
}

/**
 * Whether there was such a one.
 * @throws OpenStackError 400 while it is attached, is changing, or has snapshots
 */
export async function deleteVolume(session: Session, ctx: CallContext, id: string): Promise<boolean> {
  return existed(session.request(ctx, { service: 'block-storage', method: 'DELETE', path: path('volumes', id) }));
}
