import { allPages } from '../pages.js';
import type { CallContext, Session } from '../session.js';

/** Ports with an address of the subnet, as far as the session sees them: of a shared network only its own project's. */
export async function countPorts(session: Session, ctx: CallContext, subnetId: string): Promise<number> {
  const ports = await allPages(async ({ marker, limit }) => {
    const { body } = await session.request<{ ports: { id: string }[]; ports_links?: { rel: string }[] }>(ctx, {
      service: 'network',
      method: 'GET',
      path: '/ports',
      query: { fixed_ips: `subnet_id=${subnetId}`, fields: 'id', limit, marker },
    });
    return { items: body.ports, more: body.ports_links?.some(({ rel }) => rel === 'next') === true };
  });
  return ports.length;
}
