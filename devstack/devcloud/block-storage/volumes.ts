import type { Cloud, Owner } from '../cloud.js';
import { CloudError } from '../cloud-error.js';

export interface Volume {
  id: string;
  name: string;
  projectId: string;
  sizeGib: number;
  volumeType: string;
  availabilityZone: string;
  /** The server that it is attached to. */
  serverId: string | undefined;
  metadata: Record<string, string>;
}

export interface Snapshot {
  id: string;
  name: string;
  projectId: string;
  volumeId: string;
  sizeGib: number;
  metadata: Record<string, string>;
}

export const VOLUME_TYPES = ['lvm', 'files'];

/** @throws CloudError 404 for an unknown type, 413 for a quota, as Cinder does. */
export function createVolume(cloud: Cloud, owner: Owner, input: Omit<Volume, 'id' | 'projectId' | 'serverId'>): Volume {
  if (!VOLUME_TYPES.includes(input.volumeType)) {
    throw new CloudError(404, `Volume type with name ${input.volumeType} could not be found.`);
  }
  const present = [...cloud.volumes.values()].filter(({ projectId }) => projectId === owner.projectId);
  const used = present.length;
  const { volumes: limit, gigabytes } = cloud.quotas.limits(owner.projectId);
  if (limit >= 0 && used >= limit) {
    throw new CloudError(
      413,
      `VolumeLimitExceeded: Maximum number of volumes allowed (${limit}) exceeded for quota 'volumes'.`,
    );
  }
  const consumed = present.reduce((sum, { sizeGib }) => sum + sizeGib, 0);
  if (gigabytes >= 0 && consumed + input.sizeGib > gigabytes) {
    throw new CloudError(
      413,
      `VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. Requested ${input.sizeGib}G, quota is ${gigabytes}G and ${consumed}G has been consumed.`,
    );
  }
  const volume: Volume = { ...input, id: cloud.ids.uuid(), projectId: owner.projectId, serverId: undefined };
  cloud.volumes.set(volume.id, volume);
  return volume;
}

/** @throws CloudError 400 while it is attached, or has snapshots. */
export function deleteVolume(cloud: Cloud, volume: Volume): void {
  if ([...cloud.snapshots.values()].some(({ volumeId }) => volumeId === volume.id)) {
    throw new CloudError(400, 'Invalid volume: Volume must not have snapshots.');
  }
  if (volume.serverId !== undefined && cloud.compute.servers.has(volume.serverId)) {
    throw new CloudError(
      400,
      'Invalid volume: Volume status must be available or error, but current status is in-use.',
    );
  }
  cloud.volumes.delete(volume.id);
}

/** @throws CloudError 404, 400 while it is attached elsewhere. */
export function attachVolume(cloud: Cloud, volumeId: string, serverId: string): void {
  const volume = cloud.volumes.get(volumeId);
  if (volume === undefined) throw new CloudError(404, `Volume ${volumeId} could not be found.`);
  if (volume.serverId !== undefined) throw new CloudError(400, `Invalid volume: volume ${volumeId} already attached.`);
  if (!cloud.compute.servers.has(serverId)) throw new CloudError(404, `Instance ${serverId} could not be found.`);
  volume.serverId = serverId;
}
