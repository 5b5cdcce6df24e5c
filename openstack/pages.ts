import { ServiceError } from '../common/errors.js';

export interface PageRequest {
  /** Id of the last item seen; undefined for the first page. */
  marker: string | undefined;
  limit: number;
}

export interface Page<T> {
  items: T[];
  more: boolean;
}

const PAGE_SIZE = 500;
const MAX_PAGES = 200;

/**
 * All items of a list that pages by `limit` and `marker`.
 * @throws ServiceError `internal` past 200 pages: a list that never ends.
 */
export async function allPages<T extends { id: string }>(
  fetchPage: (request: PageRequest) => Promise<Page<T>>,
): Promise<T[]> {
  const all: T[] = [];
  for (let count = 0; count < MAX_PAGES; count++) {
    const { items, more } = await fetchPage({ marker: all.at(-1)?.id, limit: PAGE_SIZE });
    all.push(...items);
    if (!more || items.length === 0) return all;
  }
  throw new ServiceError('internal', `A list did not end after ${MAX_PAGES} pages.`);
}
