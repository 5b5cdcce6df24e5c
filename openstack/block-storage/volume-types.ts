import type { CallContext, Session } from '../session.js';

export interface VolumeType {
  id: string;
  name: string;
}

/** All that the project may use. */
export async function listVolumeTypes(session: Session, ctx: CallContext): Promise<VolumeType[]> {
  const { body } = await session.request<{ volume_types: VolumeType[] }>(ctx, {
    service: 'block-storage',
    method: 'GET',
    path: '/types',
  });
  return body.volume_types.map(({ id, name }) => ({ id, name }));
}
