import { templateOfCluster } from '../../common/db/cluster-templates.js';
import type { Cluster } from '../../common/db/clusters.js';
import type { Query } from '../../common/db/database.js';
import type { NodeGroup } from '../../common/db/node-groups.js';
import type { Api } from '../deps.js';
import type { Finding } from '../validation.js';

/** Whether the cluster may have the nodes of all these groups, one of which is to get more. */
export async function sizeProblems(
  query: Query,
  api: Api,
  cluster: Cluster,
  groups: readonly Pick<NodeGroup, 'nodeCount'>[],
): Promise<Finding[]> {
  const { networkDriver } = await templateOfCluster(query, cluster);
  const nodeCount = groups.reduce((sum, group) => sum + group.nodeCount, 0);
  return api.clusterTypes.sizeProblems(cluster.driver, { labels: cluster.labels, networkDriver, nodeCount });
}
