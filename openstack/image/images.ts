import { isUuid, onlyOne, undefinedIfMissing } from '../find.js';
import { path } from '../path.js';
import type { CallContext, Session } from '../session.js';

export interface Image {
  id: string;
  name: string;
  /** `active` is the usable one. */
  status: string;
  /** Which node operating system the image holds; clusters need it. */
  osDistro: string | undefined;
  minDiskGib: number;
  minRamMib: number;
  /** Every text property, Glance's own among them. */
  properties: Record<string, string>;
}

interface ImageBody extends Record<string, unknown> {
  id: string;
  name: string | null;
  status: string;
  min_disk?: number;
  min_ram?: number;
}

/** @throws ServiceError `ambiguous` when several images have the name. */
export async function findImage(session: Session, ctx: CallContext, idOrName: string): Promise<Image | undefined> {
  const byId = isUuid(idOrName)
    ? await undefinedIfMissing(
        session.request<ImageBody>(ctx, { service: 'image', method: 'GET', path: path('images', idOrName) }),
      )
    : undefined;
  if (byId !== undefined) return readImage(byId.body);
  const { body } = await session.request<{ images: ImageBody[] }>(ctx, {
    service: 'image',
    method: 'GET',
    path: '/images',
    // Glance takes what stands before the first colon for an operator (glance/common/utils.py, split_filter_op).
    query: { name: `eq:${idOrName}` },
  });
  const named = body.images.filter((image) => image.name === idOrName);
  return onlyOne(named.map(readImage), 'image', idOrName);
}

function readImage(body: ImageBody): Image {
  const properties: Record<string, string> = {};
  for (const [key, value] of Object.entries(body)) if (typeof value === 'string') properties[key] = value;
  return {
    id: body.id,
    name: body.name ?? '',
    status: body.status,
    osDistro: properties.os_distro,
    minDiskGib: body.min_disk ?? 0,
    minRamMib: body.min_ram ?? 0,
    properties,
  };
}
