import type { Knex } from 'knex';

/** Whose rows a query may see; the first argument of every tenant query. */
export type Scope =
  /** `seesHidden`: of what others have made public, also what they hide. */
  | { readonly kind: 'project'; readonly projectId: string; readonly seesHidden?: boolean }
  /** A token without a project: the user's own rows. */
  | { readonly kind: 'user'; readonly userId: string }
  | { readonly kind: 'everything' };

/** The conductor and the all-projects rules of an admin. */
export const everything: Scope = { kind: 'everything' };

export function applyScope(scope: Scope, rows: Knex.QueryBuilder, table: string): Knex.QueryBuilder {
  switch (scope.kind) {
    case 'project':
      return rows.where(`${table}.project_id`, scope.projectId);
    case 'user':
      return rows.where(`${table}.user_id`, scope.userId);
    case 'everything':
      return rows;
  }
}
