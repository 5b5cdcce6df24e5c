import { path } from '../path.js';
import { type Quotas, readQuotas } from '../quota.js';
import type { CallContext, Session } from '../session.js';

/** `volumes`, `gigabytes`, and both for each type: `volumes_lvm`, `gigabytes_lvm`. */
export async function volumeQuotas(session: Session, ctx: CallContext, projectId: string): Promise<Quotas> {
  const { body } = await session.request<{ quota_set: Record<string, unknown> }>(ctx, {
    service: 'block-storage',
    method: 'GET',
    path: path('os-quota-sets', projectId),
    query: { usage: true },
  });
  return readQuotas(body.quota_set);
}
