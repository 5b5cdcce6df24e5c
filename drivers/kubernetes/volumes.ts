import { MASTER_ROLE, type NodeGroup } from '../../common/db/node-groups.js';
import type { VolumePlan } from '../driver.js';
import { containersVolume } from '../node-volumes.js';

type Labels = Readonly<Record<string, string>>;

/** GiB; 0 is the root disk. */
export function etcdVolumeSize(labels: Labels): number {
  return Number(labels.etcd_volume_size ?? 0);
}

/** For containers on every node, and for etcd on masters: its writes wait for nobody else's then. */
export function planVolumes(
  group: Pick<NodeGroup, 'role' | 'dockerVolumeSize' | 'labels'>,
  labels: Labels,
): VolumePlan[] {
  const sizeGib = group.role === MASTER_ROLE ? etcdVolumeSize(labels) : 0;
  const { etcd_volume_type: type } = labels;
  const etcd: VolumePlan = { purpose: 'etcd', sizeGib, ...(type === undefined ? {} : { type }) };
  return [...containersVolume(group, labels), ...(sizeGib === 0 ? [] : [etcd])];
}
