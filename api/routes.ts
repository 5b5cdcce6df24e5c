import { certificateRoutes } from './certificates.js';
import { templateRoutes } from './cluster-templates/template-routes.js';
import { historyRoutes } from './clusters/cluster-history.js';
import { nodeRoutes } from './clusters/cluster-nodes.js';
import { clusterRoutes } from './clusters/cluster-routes.js';
import { publicRoutes } from './discovery.js';
import { mserviceRoutes } from './mservices.js';
import { nodeGroupRoutes } from './node-groups/node-group-routes.js';
import type { AnyRoute } from './route.js';

/** Everything that is served; method, path, version, policy and schemas of each stand with its resource. */
export const routes: readonly AnyRoute[] = [
  ...publicRoutes,
  ...templateRoutes,
  ...clusterRoutes,
  ...nodeGroupRoutes,
  ...nodeRoutes,
  ...historyRoutes,
  ...certificateRoutes,
  ...mserviceRoutes,
];
