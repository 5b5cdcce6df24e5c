import type { ClusterOrder } from '../driver.js';
import { isTrue } from '../labels.js';
import type { Refusal } from '../orders.js';
import { CINDER_CSI, CLOUD_CONTROLLER } from './cloud-use.js';

const asks = (label: string, { labels }: ClusterOrder) => isTrue(labels[label]);

const NO_CREDENTIAL =
  'needs a credential of the cluster, which its account can not make here ([trust] account_kind = trust): ask the operator';

/** What a cluster may not ask of its cloud. */
export const CLOUD_REFUSALS: readonly Refusal[] = [
  ...[CLOUD_CONTROLLER, CINDER_CSI].map((label) => ({
    field: `labels.${label}`,
    applies: (order: ClusterOrder) => asks(label, order) && order.cloud?.credentials === false,
    message: NO_CREDENTIAL,
  })),
  {
    field: `labels.${CINDER_CSI}`,
    applies: (order) => asks(CINDER_CSI, order) && order.cloud?.blockStorage === false,
    message: 'this cloud has no Cinder (block-storage or volumev3 in its catalog)',
  },
  {
    field: 'volume_driver',
    applies: (order) =>
      order.volumeDriver !== undefined && !(order.volumeDriver === 'cinder' && asks(CINDER_CSI, order)),
    message: `must be "cinder", together with the label ${CINDER_CSI}=true, or left out`,
  },
];
