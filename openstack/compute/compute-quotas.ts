import { path } from '../path.js';
import { type Quotas, readQuotas } from '../quota.js';
import type { CallContext, Session } from '../session.js';

/** `cores`, `instances`, `ram` (MiB), `server_groups`, `server_group_members`, … */
export async function computeQuotas(session: Session, ctx: CallContext, projectId: string): Promise<Quotas> {
  const { body } = await session.request<{ quota_set: Record<string, unknown> }>(ctx, {
    service: 'compute',
    method: 'GET',
    path: path('os-quota-sets', projectId, 'detail'),
  });
  return readQuotas(body.quota_set);
}
