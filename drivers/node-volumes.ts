import type { NodeGroup } from '../common/db/node-groups.js';
import type { HotResource, VolumePlan, VolumePurpose } from './driver.js';

/** In the user data, each for the id of the node's volume for that; nothing without one. */
export const VOLUME_PLACEHOLDERS: Readonly<Record<VolumePurpose, string>> = {
  containers: '%%BAYOU_CONTAINERS_VOLUME%%',
  etcd: '%%BAYOU_ETCD_VOLUME%%',
};

/** The file on the node that the id is in. */
export function volumeFile(purpose: string): string {
  return `/etc/bayou/${purpose}-volume`;
}

/** The steps that mount them. */
const STEPS: Readonly<Record<VolumePurpose, string>> = { containers: 'node-volume', etcd: 'etcd-volume' };

export function volumeSteps(volumes: readonly VolumePlan[]): string[] {
  return volumes.map(({ purpose }) => STEPS[purpose]);
}

type Labels = Readonly<Record<string, string>>;

/** `docker_volume_size`, of the type that the group's label says, or the cluster's. */
export function containersVolume(
  { dockerVolumeSize, labels: own }: Pick<NodeGroup, 'dockerVolumeSize' | 'labels'>,
  labels: Labels,
): VolumePlan[] {
  if (dockerVolumeSize === undefined) return [];
  const type = own.docker_volume_type ?? labels.docker_volume_type;
  return [{ purpose: 'containers', sizeGib: dockerVolumeSize, ...(type === undefined ? {} : { type }) }];
}

/** Resource names stay what they are: another name would be another, empty volume. */
const NAMES: Readonly<Record<VolumePurpose, string>> = { containers: 'volume', etcd: 'etcd-volume' };

/** Parameters of `str_replace`. */
export function volumeIds(serverName: string, volumes: readonly VolumePlan[]): Record<string, unknown> {
  const none = Object.values(VOLUME_PLACEHOLDERS).map((placeholder) => [placeholder, '']);
  const ids = volumes.map(({ purpose }) => [
    VOLUME_PLACEHOLDERS[purpose],
    { get_resource: `${serverName}-${NAMES[purpose]}` },
  ]);
  return Object.fromEntries([...none, ...ids]);
}

/** Made before its server, which is told its id, and attached to it. Both go with the server. */
export function volumeResources(serverName: string, volume: VolumePlan, zone: object): Record<string, HotResource> {
  const name = `${serverName}-${NAMES[volume.purpose]}`;
  return {
    [name]: {
      type: 'OS::Cinder::Volume',
      properties: {
        name,
        size: volume.sizeGib,
        ...(volume.type === undefined ? {} : { volume_type: volume.type }),
        ...zone,
      },
    },
    [`${name}-attachment`]: {
      type: 'OS::Cinder::VolumeAttachment',
      properties: { instance_uuid: { get_resource: serverName }, volume_id: { get_resource: name } },
    },
  };
}
