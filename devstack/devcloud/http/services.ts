import { volumeRoutes } from '../block-storage/routes.js';
import type { Cloud } from '../cloud.js';
import { flavorRoutes } from '../compute/flavors.js';
import { keypairRoutes } from '../compute/keypairs.js';
import { limitRoutes } from '../compute/limits.js';
import { serverActionRoutes } from '../compute/server-actions.js';
import { serverMetadataRoutes } from '../compute/server-metadata.js';
import { serverRoutes } from '../compute/servers.js';
import { applicationCredentialRoutes } from '../identity/application-credentials.js';
import { grantRoutes } from '../identity/grants.js';
import { projectRoutes } from '../identity/projects.js';
import { tokenRoutes } from '../identity/tokens.js';
import { trustRoutes } from '../identity/trusts.js';
import { userRoutes } from '../identity/users.js';
import { imageRoutes } from '../image/images.js';
import { loadBalancerRoutes } from '../load-balancing/routes.js';
import { networkRoutes } from '../network/routes.js';
import { containerRoutes } from '../object-storage/containers.js';
import { stackRoutes } from '../orchestration/stacks.js';
import { discoveryRoutes } from './discovery.js';
import type { Route, ServiceName } from './route.js';
import { Router } from './router.js';

/** The routes of each service, under the prefix of its name. */
export function serviceRouters(cloud: Cloud): Map<ServiceName, Router> {
  const discovery = discoveryRoutes(cloud);
  const routes: Record<ServiceName, Route[]> = {
    identity: [
      ...tokenRoutes(cloud),
      ...trustRoutes(cloud),
      ...applicationCredentialRoutes(cloud),
      ...userRoutes(cloud),
      ...projectRoutes(cloud),
      ...grantRoutes(cloud),
    ],
    image: imageRoutes(cloud),
    compute: [
      ...flavorRoutes(cloud),
      ...keypairRoutes(cloud),
      ...serverRoutes(cloud),
      ...serverMetadataRoutes(cloud),
      ...serverActionRoutes(cloud),
      ...limitRoutes(cloud),
    ],
    network: networkRoutes(cloud),
    orchestration: stackRoutes(cloud),
    'object-store': containerRoutes(cloud),
    'load-balancer': loadBalancerRoutes(cloud),
    'block-storage': volumeRoutes(cloud),
  };
  const names = Object.keys(routes) as ServiceName[];
  return new Map(names.map((name) => [name, new Router([...(discovery[name] ?? []), ...routes[name]])]));
}
