import type { Cloud } from '../cloud.js';
import { type Call, param } from '../http/route.js';
import { type Caller, forbidden, projectReader } from '../identity/callers.js';
import { seedUuid } from '../seed-id.js';
import { VOLUME_TYPES } from './volumes.js';

export function typeId(name: string): string {
  return seedUuid(`volume type ${name}`);
}

/** Cinder's quotas of a project, and of each type within it; with `usage=true` how far they are used. */
export function quotaView(cloud: Cloud, call: Call, caller: Caller): Record<string, unknown> {
  const { projectId: own, isAdmin } = projectReader(caller);
  const projectId = param(call, 'of');
  if (projectId !== own && !isAdmin) throw forbidden('volume_extension:quotas:show');
  const withUsage = call.query.get('usage')?.toLowerCase() === 'true';
  const limits = cloud.quotas.limits(projectId);
  const shown = (limit: number, inUse: number) =>
    withUsage ? { limit, in_use: inUse, reserved: 0, allocated: 0 } : limit;
  const volumes = [...cloud.volumes.values()].filter((volume) => volume.projectId === projectId);
  const gigabytes = (of: typeof volumes) => of.reduce((sum, { sizeGib }) => sum + sizeGib, 0);
  const ofTypes = VOLUME_TYPES.flatMap((type) => {
    const these = volumes.filter(({ volumeType }) => volumeType === type);
    return [
      [`volumes_${type}`, shown(-1, these.length)],
      [`gigabytes_${type}`, shown(-1, gigabytes(these))],
    ];
  });
  return {
    id: projectId,
    volumes: shown(limits.volumes, volumes.length),
    gigabytes: shown(limits.gigabytes, gigabytes(volumes)),
    per_volume_gigabytes: shown(limits.per_volume_gigabytes, 0),
    ...Object.fromEntries(ofTypes),
  };
}
