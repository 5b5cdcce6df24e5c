import type { ClusterTemplate } from '../../common/db/cluster-templates.js';
import type { Cluster } from '../../common/db/clusters.js';
import { MASTER_ROLE, type NodeGroup } from '../../common/db/node-groups.js';
import type { PlannedGroup } from '../cluster-plan.js';
import type { Api } from '../deps.js';
import type { Identity } from '../identity.js';
import { type Forecast, preflight } from '../preflight.js';

type Group = Omit<NodeGroup, 'id'>;

/** What a cluster that is there gets when its groups are as in `after`, and whether the cloud has room for it. */
export function forecastChange(
  api: Api,
  who: Identity,
  { cluster, template }: { cluster: Cluster; template: ClusterTemplate },
  before: readonly Group[],
  after: readonly Group[],
): Promise<Forecast> {
  const planned = (groups: readonly Group[]) => ({
    labels: cluster.labels,
    fixedNetwork: cluster.fixedNetwork,
    fixedSubnet: cluster.fixedSubnet,
    floatingIpEnabled: cluster.floatingIpEnabled,
    masterLbEnabled: cluster.masterLbEnabled,
    groups: groups.map((group) => plannedGroup(cluster, template, group)),
    loadBalancers: api.offers(who.known.catalog, 'load-balancer'),
  });
  const { plan } = api.clusterTypes;
  const where = { who, projectId: cluster.projectId };
  return preflight(api, where, (order) => plan(cluster.driver, order, template), planned(after), planned(before));
}

function plannedGroup(cluster: Cluster, template: ClusterTemplate, group: Group): PlannedGroup {
  const { name, role, nodeCount, dockerVolumeSize, labels } = group;
  const own = group.flavorId ?? (role === MASTER_ROLE ? template.masterFlavorId : undefined);
  const flavor = own ?? cluster.flavorId ?? template.flavorId;
  return { name, role, nodeCount, flavor, image: group.imageId ?? template.imageId, dockerVolumeSize, labels };
}
