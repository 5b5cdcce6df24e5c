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
        const name = call.query.get('name');
        const images = [...cloud.images.values()].filter((image) => name === null || image.name === name);
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

/** By id or by name, as Heat and Nova do it. */
export function findImage(cloud: Cloud, idOrName: string): Image | undefined {
  return cloud.images.get(idOrName) ?? [...cloud.images.values()].find((image) => image.name === idOrName);
}
