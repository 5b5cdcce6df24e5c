import { existed } from '../find.js';
import { allPages } from '../pages.js';
import { path } from '../path.js';
import type { CallContext, Session } from '../session.js';
import { type Found, ofProject, readItem, type VolumeItem } from './volume-item.js';

interface SnapshotBody extends Found {
  'os-extended-snapshot-attributes:project_id'?: string;
}

/** Of one volume. `isAdmin`: the session's project is another one. */
export async function listSnapshots(
  session: Session,
  ctx: CallContext,
  input: { projectId: string; isAdmin: boolean; volumeId: string },
): Promise<VolumeItem[]> {
  return allPages(async ({ marker, limit }) => {
    const { body } = await session.request<{ snapshots: SnapshotBody[]; snapshots_links?: { rel: string }[] }>(ctx, {
      service: 'block-storage',
      method: 'GET',
      path: '/snapshots/detail',
      query: { ...ofProject(input), volume_id: input.volumeId, limit, marker },
    });
    const items = body.snapshots.map((each) => readItem(each, each['os-extended-snapshot-attributes:project_id']));
    return { items, more: body.snapshots_links?.some(({ rel }) => rel === 'next') === true };
  });
}

/**
 * Whether there was such a one.
 * @throws OpenStackError 400 while it is changing
 */
export async function deleteSnapshot(session: Session, ctx: CallContext, id: string): Promise<boolean> {
  return existed(session.request(ctx, { service: 'block-storage', method: 'DELETE', path: path('snapshots', id) }));
}
