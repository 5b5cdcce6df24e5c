import { path } from '../path.js';
import type { Quotas } from '../quota.js';
import type { CallContext, Session } from '../session.js';
import { listLoadBalancers } from './load-balancers.js';

/** `load_balancer`. Octavia tells limits only, so what there is is counted. */
export async function loadBalancerQuotas(session: Session, ctx: CallContext, projectId: string): Promise<Quotas> {
  const [{ body }, present] = await Promise.all([
    session.request<{ quota: { load_balancer?: number | null; loadbalancer?: number | null } }>(ctx, {
      service: 'load-balancer',
      method: 'GET',
      path: path('lbaas', 'quotas', projectId),
    }),
    listLoadBalancers(session, ctx, { projectId }),
  ]);
  const limit = body.quota.load_balancer ?? body.quota.loadbalancer;
  return typeof limit === 'number' ? { load_balancer: { limit, used: present.length } } : {};
}
