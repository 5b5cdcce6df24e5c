import { existed } from '../find.js';
import { allPages } from '../pages.js';
import { path } from '../path.js';
import type { CallContext, Session } from '../session.js';

export interface FloatingIp {
  id: string;
  address: string;
  description: string;
  projectId: string;
}

interface FloatingIpBody {
  id: string;
  floating_ip_address: string;
  description?: string | null;
  project_id: string;
}

/** Of one project, whoever asks. */
export async function listFloatingIps(
  session: Session,
  ctx: CallContext,
  { projectId }: { projectId: string },
): Promise<FloatingIp[]> {
  return allPages(async ({ marker, limit }) => {
    const { body } = await session.request<{ floatingips: FloatingIpBody[]; floatingips_links?: { rel: string }[] }>(
      ctx,
      { service: 'network', method: 'GET', path: '/floatingips', query: { project_id: projectId, limit, marker } },
    );
    const items = body.floatingips.map(readFloatingIp);
    return { items, more: body.floatingips_links?.some(({ rel }) => rel === 'next') === true };
  });
}

/** Whether there was such a one. */
export async function deleteFloatingIp(session: Session, ctx: CallContext, id: string): Promise<boolean> {
  return existed(session.request(ctx, { service: 'network', method: 'DELETE', path: path('floatingips', id) }));
}

function readFloatingIp(body: FloatingIpBody): FloatingIp {
  return {
    id: body.id,
    address: body.floating_ip_address,
    description: body.description ?? '',
    projectId: body.project_id,
  };
}
