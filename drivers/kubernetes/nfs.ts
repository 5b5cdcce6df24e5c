import type { ClusterOrder } from '../driver.js';
import type { LabelDefinition } from '../label-definition.js';
import type { Refusal } from '../orders.js';
import type { Addon } from './addon.js';

type Labels = ClusterOrder['labels'];

/** A share that is there already, for pods of the cluster. */
export const nfsShare: Addon = {
  name: 'nfs',
  label: 'nfs_server',
  definition: {
    type: 'text',
    help: 'Name or address of an NFS server, whose nfs_path pods have as the claim nfs. Default none.',
    like: { pattern: /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/, words: 'a name or an IPv4 address' },
  },
  isOrdered: (value) => value !== undefined,
  images: {},
};

export const nfsLabels: Readonly<Record<string, LabelDefinition>> = {
  nfs_path: {
    type: 'text',
    help: 'What the server of nfs_server exports, such as /srv/share; of a share of Manila the path of its export location.',
    like: { pattern: /^\/[A-Za-z0-9._/+-]{0,1023}$/, words: 'an absolute path such as /srv/share' },
  },
};

export const NFS_REFUSAL: Refusal = {
  field: 'labels.nfs_path',
  applies: ({ labels }) => (labels.nfs_server === undefined) !== (labels.nfs_path === undefined),
  message: 'nfs_server and nfs_path go together',
};

/** Whether nodes must be able to mount it. */
export function hasNfs(labels: Labels): boolean {
  return labels.nfs_server !== undefined;
}

/** What its manifest has filled in. */
export function nfsValues({ nfs_server: server, nfs_path: path }: Labels): Record<string, string> {
  return server === undefined || path === undefined ? {} : { NFS_SERVER: server, NFS_PATH: path };
}
