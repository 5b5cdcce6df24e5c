import { DEFAULT_MASTER_GROUP, DEFAULT_WORKER_GROUP, MASTER_ROLE } from '../../common/db/node-groups.js';
import type { ClusterPlan } from '../cluster-plan.js';
import type { TemplateOrder } from '../cluster-types.js';
import type { Api } from '../deps.js';
import type { Identity } from '../identity.js';

/** What the smallest cluster of a template would be: one master and one worker, all as the template says. */
export function planOfTemplate(api: Api, who: Identity, order: TemplateOrder): ClusterPlan | undefined {
  const { imageId: image, dockerVolumeSize, flavorId, masterFlavorId, driver } = order;
  const labels = { ...order.labels, ...api.clusterTypes.settledLabels(driver, order.labels) };
  const shared = { nodeCount: 1, image, dockerVolumeSize, labels };
  const groups = [
    { ...shared, name: DEFAULT_MASTER_GROUP, role: MASTER_ROLE, flavor: masterFlavorId ?? flavorId },
    { ...shared, name: DEFAULT_WORKER_GROUP, role: 'worker', flavor: flavorId },
  ];
  const unsaved = { id: 0, uuid: '', projectId: '', userId: who.userId, createdAt: 0, updatedAt: undefined };
  const loadBalancers = api.offers(who.known.catalog, 'load-balancer');
  return api.clusterTypes.plan(driver, { ...order, labels, groups, loadBalancers }, { ...unsaved, ...order });
}
