import type { Cloud } from '../cloud.js';
import { CloudError } from '../cloud-error.js';
import { param, type Route } from '../http/route.js';
import type { Flavor } from './state.js';

export function flavorRoutes(cloud: Cloud): Route[] {
  const page = (marker: string | null) => (marker === null ? [...cloud.compute.flavors.values()] : []);
  return [
    {
      method: 'GET',
      path: '/v2.1/flavors',
      handle: (call) => ({
        status: 200,
        body: { flavors: page(call.query.get('marker')).map(({ id, name }) => ({ id, name, links: [] })) },
      }),
    },
    {
      method: 'GET',
      path: '/v2.1/flavors/detail',
      handle: (call) => ({ status: 200, body: { flavors: page(call.query.get('marker')).map(view) } }),
    },
    {
      method: 'GET',
      path: '/v2.1/flavors/:id',
      handle: (call) => {
        const flavor = cloud.compute.flavors.get(param(call, 'id'));
        if (flavor === undefined) throw new CloudError(404, `Flavor ${param(call, 'id')} could not be found.`);
        return { status: 200, body: { flavor: view(flavor) } };
      },
    },
    // The command line asks for it with every flavor.
    {
      method: 'GET',
      path: '/v2.1/flavors/:id/os-extra_specs',
      handle: () => ({ status: 200, body: { extra_specs: {} } }),
    },
  ];
}

/** By id or by name, as Heat does it. */
export function findFlavor(cloud: Cloud, idOrName: string): Flavor | undefined {
  const { flavors } = cloud.compute;
  return flavors.get(idOrName) ?? [...flavors.values()].find((flavor) => flavor.name === idOrName);
}

function view(flavor: Flavor): Record<string, unknown> {
  return {
    id: flavor.id,
    name: flavor.name,
    vcpus: flavor.vcpus,
    ram: flavor.ramMib,
    disk: flavor.diskGib,
    swap: '',
    rxtx_factor: 1,
    'OS-FLV-EXT-DATA:ephemeral': 0,
    'OS-FLV-DISABLED:disabled': false,
    'os-flavor-access:is_public': true,
    links: [],
  };
}
