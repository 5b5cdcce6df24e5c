import { path } from '../path.js';
import type { CallContext, Session } from '../session.js';

interface ActionBody {
  action: string;
  /** UTC without a zone, in whole seconds: `2026-11-21T20:41:55.000000`. */
  start_time: string;
}

/** When Nova last began to make the server's disk anew from an image, epoch milliseconds; undefined when it never did. */
export async function lastRebuild(session: Session, ctx: CallContext, serverId: string): Promise<number | undefined> {
  const { body } = await session.request<{ instanceActions: ActionBody[] }>(ctx, {
    service: 'compute',
    method: 'GET',
    path: path('servers', serverId, 'os-instance-actions'),
  });
  const times = body.instanceActions
    .filter(({ action }) => action === 'rebuild')
    .map(({ start_time: startTime }) => Date.parse(`${startTime.replace(/Z$/, '')}Z`));
  return times.length === 0 ? undefined : Math.max(...times);
}
