import type { CallContext, Session } from '../session.js';

/** All stacks of the session's project, nested ones apart, as Heat's `max_stacks_per_tenant` counts them. */
export async function countStacks(session: Session, ctx: CallContext): Promise<number> {
  const { body } = await session.request<{ stacks: unknown[]; count?: number }>(ctx, {
    service: 'orchestration',
    method: 'GET',
    path: '/stacks',
    query: { limit: 1, with_count: true },
  });
  return body.count ?? body.stacks.length;
}
