import { type ListFilters, NO_FILTERS } from '../common/db/list-filters.js';
import { ServiceError } from '../common/errors.js';
import { text } from './fields.js';

/** Arguments that lists of clusters and of templates have beside those of their pages. */
export const clusterFilters = {
  name: text(),
  status: text(),
  health_status: text(),
  cluster_template_id: text(),
  tags: text(),
};

export const templateFilters = { name: text(), coe: text(), tags: text() };

const MAX_TAGS = 20;

type Given = Partial<Record<keyof typeof clusterFilters | keyof typeof templateFilters, string | undefined>>;

/** As the database is asked, and as the next page's link says it again. */
export function filtersOf({ name, coe, status, health_status, cluster_template_id, tags }: Given): {
  filters: ListFilters;
  again: Record<string, string>;
} {
  const equal = given({ name, coe, status, health_status, cluster_template_id });
  const again = { ...equal, ...given({ tags }) };
  if (Object.keys(again).length === 0) return { filters: NO_FILTERS, again };
  const wanted = (tags ?? '').split(',').map((tag) => tag.trim());
  const named = wanted.filter((tag) => tag !== '');
  if (named.length <= MAX_TAGS) return { filters: { equal, tags: named }, again };
  throw new ServiceError('invalid', `tags: at most ${MAX_TAGS} at once`, { field: 'tags' });
}

function given(values: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}
