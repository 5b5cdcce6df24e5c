import { path } from '../path.js';
import { type Quotas, readQuotas } from '../quota.js';
import type { CallContext, Session } from '../session.js';

/** `network`, `subnet`, `port`, `router`, `floatingip`, `security_group`, … */
export async function networkQuotas(session: Session, ctx: CallContext, projectId: string): Promise<Quotas> {
  const { body } = await session.request<{ quota: Record<string, unknown> }>(ctx, {
    service: 'network',
    method: 'GET',
    path: path('quotas', projectId, 'details.json'),
  });
  return readQuotas(body.quota);
}
