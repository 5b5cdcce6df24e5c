import { attachVolume, createVolume, deleteVolume, VOLUME_TYPES } from '../../block-storage/volumes.js';
import type { Cloud, Owner } from '../../cloud.js';
import type { ResourceType } from './resource-type.js';

export const volume: ResourceType = {
  service: 'volume',
  properties: {
    name: { type: 'string', update: 'inPlace' },
    description: { type: 'string', update: 'inPlace' },
    size: { type: 'number', required: true, update: 'inPlace' },
    volume_type: { type: 'string', update: 'inPlace', finds: existingType },
    availability_zone: { type: 'string' },
    metadata: { type: 'map', update: 'inPlace' },
  },
  create: (cloud, owner, properties) =>
    createVolume(cloud, owner, {
      name: String(properties.name),
      sizeGib: Number(properties.size),
      volumeType: (properties.volume_type as string | undefined) ?? VOLUME_TYPES[0] ?? '',
      availabilityZone: (properties.availability_zone as string | undefined) ?? 'nova',
      metadata: {},
    }).id,
  update: (cloud, _, id, properties) => {
    const found = cloud.volumes.get(id);
    if (found === undefined) return;
    found.name = String(properties.name);
    found.sizeGib = Number(properties.size);
  },
  remove: (cloud, id) => {
    const found = cloud.volumes.get(id);
    if (found !== undefined) deleteVolume(cloud, found);
  },
  attributes: (cloud, id) => {
    const found = cloud.volumes.get(id);
    return found && { size: found.sizeGib, display_name: found.name, volume_type: found.volumeType };
  },
};

function existingType(_cloud: Cloud, _: Owner, value: string): string | undefined {
  return VOLUME_TYPES.includes(value) ? undefined : `The VolumeType (${value}) could not be found.`;
}

/** Its id is the volume's, as in Nova's API. */
export const volumeAttachment: ResourceType = {
  service: 'compute',
  properties: {
    instance_uuid: { type: 'string', required: true, update: 'inPlace' },
    volume_id: { type: 'string', required: true, update: 'inPlace' },
    mountpoint: { type: 'string', update: 'inPlace' },
  },
  create: (cloud, _, properties) => {
    attachVolume(cloud, String(properties.volume_id), String(properties.instance_uuid));
    return String(properties.volume_id);
  },
  remove: (cloud, id) => {
    const found = cloud.volumes.get(id);
    if (found !== undefined) found.serverId = undefined;
  },
  attributes: () => ({}),
};
