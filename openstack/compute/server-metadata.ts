import { existed } from '../find.js';
import { path } from '../path.js';
import type { CallContext, Session } from '../session.js';

/**
 * What a server may read of itself in Nova's metadata service, as long as it is there; a config drive has what there was
 * when it was made. Nova takes 255 characters, and none of a server that is in ERROR or not made yet (409).
 */
export async function setServerItem(
  session: Session,
  ctx: CallContext,
  serverId: string,
  item: { name: string; value: string },
): Promise<void> {
  await session.request(ctx, {
    service: 'compute',
    method: 'POST',
    path: path('servers', serverId, 'metadata'),
    body: { metadata: { [item.name]: item.value } },
  });
}

/** Whether there was such an item, or such a server at all. */
export function removeServerItem(session: Session, ctx: CallContext, serverId: string, name: string): Promise<boolean> {
  return existed(
    session.request(ctx, { service: 'compute', method: 'DELETE', path: path('servers', serverId, 'metadata', name) }),
  );
}
