import { existed } from '../find.js';
import { allPages } from '../pages.js';
import { path } from '../path.js';
import type { CallContext, Session } from '../session.js';

export interface LoadBalancer {
  id: string;
  name: string;
  projectId: string;
  /** `ACTIVE`, `ERROR` and `DELETED`; anything else begins with `PENDING_`, and refuses every change (409). */
  status: string;
}

interface LoadBalancerBody {
  id: string;
  name: string;
  project_id: string;
  provisioning_status: string;
}

/** Of one project, whoever asks. */
export async function listLoadBalancers(
  session: Session,
  ctx: CallContext,
  { projectId }: { projectId: string },
): Promise<LoadBalancer[]> {
  return allPages(async ({ marker, limit }) => {
    const { body } = await session.request<{
      loadbalancers: LoadBalancerBody[];
      loadbalancers_links?: { rel: string }[];
    }>(ctx, {
      service: 'load-balancer',
      method: 'GET',
      path: '/lbaas/loadbalancers',
      query: { project_id: projectId, limit, marker },
    });
    const items = body.loadbalancers.map(readLoadBalancer);
    return { items, more: body.loadbalancers_links?.some(({ rel }) => rel === 'next') === true };
  });
}

/**
 * With its listeners, pools and members. Whether there was such a one.
 * @throws OpenStackError 409 while it is `PENDING_…`
 */
export async function deleteLoadBalancer(session: Session, ctx: CallContext, id: string): Promise<boolean> {
  return existed(
    session.request(ctx, {
      service: 'load-balancer',
      method: 'DELETE',
      path: path('lbaas', 'loadbalancers', id),
      query: { cascade: true },
    }),
  );
}

function readLoadBalancer(body: LoadBalancerBody): LoadBalancer {
  return { id: body.id, name: body.name, projectId: body.project_id, status: body.provisioning_status };
}
