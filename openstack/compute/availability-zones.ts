import type { CallContext, Session } from '../session.js';

/** Names of those in which servers may be made. */
export async function listAvailabilityZones(session: Session, ctx: CallContext): Promise<string[]> {
  const { body } = await session.request<{
    availabilityZoneInfo: { zoneName: string; zoneState: { available: boolean } }[];
  }>(ctx, { service: 'compute', method: 'GET', path: '/os-availability-zone' });
  return body.availabilityZoneInfo.filter(({ zoneState }) => zoneState.available).map(({ zoneName }) => zoneName);
}
