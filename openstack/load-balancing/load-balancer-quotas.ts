import { allPages } from '../pages.js';
import { path } from '../path.js';
import type { Quota, Quotas } from '../quota.js';
import type { CallContext, Session } from '../session.js';

interface Item {
  id: string;
  /** Of pools. */
  members?: { id: string }[];
}

/** A list, and beside it where it goes on. */
interface ListBody {
  [list: string]: Item[];
  [links: `${string}_links`]: (Item & { rel: string })[];
}

/** By the name of the quota: the list that has what it counts, and the name that it had in Octavia's first version. */
const COUNTED = {
  load_balancer: { list: 'loadbalancers', former: 'loadbalancer' },
  listener: { list: 'listeners', former: 'listener' },
  pool: { list: 'pools', former: 'pool' },
  member: { list: 'pools', former: 'member' },
  health_monitor: { list: 'healthmonitors', former: 'healthmonitor' },
} as const;

/** Octavia tells limits only, so what there is is counted, where there is a limit. */
export async function loadBalancerQuotas(session: Session, ctx: CallContext, projectId: string): Promise<Quotas> {
  const request = { service: 'load-balancer', method: 'GET', path: path('lbaas', 'quotas', projectId) } as const;
  const { body } = await session.request<{ quota: Record<string, number | null> }>(ctx, request);
  const quotas = await Promise.all(
    Object.entries(COUNTED).map(async ([name, { list, former }]): Promise<[string, Quota][]> => {
      const limit = body.quota[name] ?? body.quota[former];
      if (typeof limit !== 'number') return [];
      if (limit < 0) return [[name, { limit, used: 0 }]];
      const items = await listOf(session, ctx, list, projectId);
      const used = name === 'member' ? items.flatMap(({ members = [] }) => members).length : items.length;
      return [[name, { limit, used }]];
    }),
  );
  return Object.fromEntries(quotas.flat());
}

function listOf(session: Session, ctx: CallContext, list: string, projectId: string): Promise<Item[]> {
  return allPages(async ({ marker, limit }) => {
    const { body } = await session.request<ListBody>(ctx, {
      service: 'load-balancer',
      method: 'GET',
      path: `/lbaas/${list}`,
      query: { project_id: projectId, limit, marker },
    });
    const links = body[`${list}_links` as const];
    return { items: body[list] ?? [], more: links?.some(({ rel }) => rel === 'next') === true };
  });
}
