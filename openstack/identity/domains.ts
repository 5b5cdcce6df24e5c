import type { CallContext, Session } from '../session.js';

export interface Domain {
  id: string;
  name: string;
  enabled: boolean;
}

export async function findDomainByName(session: Session, ctx: CallContext, name: string): Promise<Domain | undefined> {
  const { body } = await session.request<{ domains: Domain[] }>(ctx, {
    service: 'identity',
    method: 'GET',
    path: '/domains',
    query: { name },
  });
  const domain = body.domains[0];
  return domain === undefined ? undefined : { id: domain.id, name: domain.name, enabled: domain.enabled };
}
