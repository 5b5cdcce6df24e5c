import type { Cloud } from '../cloud.js';
import { CloudError } from '../cloud-error.js';
import { param, type Route } from '../http/route.js';

/** As it is served. */
export interface Image {
  id: string;
  name: string;
  status: 'active';
  visibility: 'public';
  min_disk: number;
  min_ram: number;
  [property: string]: unknown;
}

export function imageRoutes(cloud: Cloud): Route[] {
  return [
    {
      method: 'GET',
      path: '/v2/images',
      handle: (call) => {
        const isWanted = nameFilter(call.query.get('name'));
        const images = [...cloud.images.values()].filter(({ name }) => isWanted(name));
        const isFirstPage = call.query.get('marker') === null;
        return {
          status: 200,
          body: { images: isFirstPage ? images : [], first: '/v2/images', schema: '/v2/schemas/images' },
        };
      },
    },
    {
      method: 'GET',
      path: '/v2/images/:id',
      handle: (call) => {
        const image = cloud.images.get(param(call, 'id'));
        if (image === undefined) throw new CloudError(404, `No image found with ID ${param(call, 'id')}`);
        return { status: 200, body: image };
      },
    },
  ];
}

/** As Glance reads it: an operator, if there is a colon (glance/common/utils.py, split_filter_op). */
function nameFilter(text: string | null): (name: string) => boolean {
  if (text === null) return () => true;
  const [, operator = 'eq', value = ''] = /^(?:([^:]*):)?(.*)$/s.exec(text) ?? [];
  if (operator === 'eq') return (name) => name === value;
  if (operator === 'in') return (name) => value.split(',').includes(name);
  throw new CloudError(400, `Unable to filter by unknown operator '${operator}'.`);
}

/** By id or by name, as Heat and Nova do it. */
export function findImage(cloud: Cloud, idOrName: string): Image | undefined {
  return cloud.images.get(idOrName) ?? [...cloud.images.values()].find((image) => image.name === idOrName);
}
