import { baymodelRoutes } from './baymodels/baymodel-routes.js';
import { bayRoutes } from './bays/bay-routes.js';
import { certificateRoutes } from './certificates.js';
import { templateRoutes } from './cluster-templates/template-routes.js';
import { historyRoutes } from './clusters/cluster-history.js';
import { nodeRoutes } from './clusters/cluster-nodes.js';
import { clusterRoutes } from './clusters/cluster-routes.js';
import { credentialRoutes } from './credentials.js';
import { diagnosticRoutes } from './diagnostics/diagnostic-routes.js';
import { publicRoutes } from './discovery.js';
import { federationRoutes } from './federations/federation-routes.js';
import { labelRoutes } from './labels.js';
import { mserviceRoutes } from './mservices.js';
import { nodeGroupRoutes } from './node-groups/node-group-routes.js';
import { openApiRoute } from './openapi-route.js';
import { quotaRoutes } from './quotas/quota-routes.js';
import type { AnyRoute } from './route.js';
import { statisticsRoutes } from './statistics.js';
import { x509KeyPairRoutes } from './x509-key-pairs/x509-key-pair-routes.js';

/** Everything that is served; method, path, version, policy and schemas of each stand with its resource. */
export const routes: readonly AnyRoute[] = [
  ...publicRoutes,
  ...templateRoutes,
  ...clusterRoutes,
  ...nodeGroupRoutes,
  ...nodeRoutes,
  ...historyRoutes,
  ...diagnosticRoutes,
  ...certificateRoutes,
  ...mserviceRoutes,
  ...labelRoutes,
  ...credentialRoutes,
  ...quotaRoutes,
  ...statisticsRoutes,
  ...federationRoutes,
  ...bayRoutes,
  ...baymodelRoutes,
  ...x509KeyPairRoutes,
  openApiRoute(() => routes),
];
