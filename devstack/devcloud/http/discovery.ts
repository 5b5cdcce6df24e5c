import type { Cloud } from '../cloud.js';
import type { Route } from './route.js';

/** Where clients find which versions a service speaks, before they have a token. */
export function discoveryRoutes(cloud: Cloud): Record<string, Route[]> {
  const self = (path: string) => [{ rel: 'self', href: `${cloud.url}${path}` }];
  const keystone = () => ({
    id: 'v3.14',
    status: 'stable',
    updated: '2020-04-07T00:00:00Z',
    links: self('/identity/v3/'),
    'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' }],
  });
  // No microversions beyond the first: later ones have other shapes.
  const nova = () => ({
    id: 'v2.1',
    status: 'CURRENT',
    version: '2.1',
    min_version: '2.1',
    updated: '2013-07-23T11:33:21Z',
    links: self('/compute/v2.1/'),
  });
  const open = (path: string, status: number, body: () => unknown): Route => ({
    method: 'GET',
    path,
    open: () => ({ status, body: body() }),
  });
  return {
    identity: [
      open('', 300, () => ({ versions: { values: [keystone()] } })),
      open('/v3', 200, () => ({ version: keystone() })),
    ],
    image: [open('', 300, () => ({ versions: [{ id: 'v2.9', status: 'CURRENT', links: self('/image/v2/') }] }))],
    compute: [open('', 200, () => ({ versions: [nova()] })), open('/v2.1', 200, () => ({ version: nova() }))],
    network: [
      open('', 200, () => ({ versions: [{ id: 'v2.0', status: 'CURRENT', links: self('/network/v2.0/') }] })),
      open('/v2.0', 200, () => ({ resources: [] })),
    ],
    orchestration: [
      open('', 300, () => ({ versions: [{ id: 'v1.0', status: 'CURRENT', links: self('/orchestration/v1/') }] })),
    ],
  };
}
