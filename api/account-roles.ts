import { ServiceError } from '../common/errors.js';
import type { Api } from './deps.js';
import type { Identity } from './identity.js';

/**
 * Ids of the roles that the cluster's own account gets on the project: those that the operator named
 * (`[trust] roles`), else the creator's own as far as the operator lets an account have them.
 * @throws ServiceError `forbidden` when none is left.
 */
export async function accountRoles(api: Api, who: Identity): Promise<string[]> {
  const { roles: named, allowedRoles } = api.config.trust;
  if (named.length === 0) {
    const held = who.roles.filter(({ name }) => allowedRoles.includes(name));
    if (held.length > 0) return held.map(({ id }) => id);
    throw new ServiceError(
      'forbidden',
      `A cluster works under an account that gets roles of its creator, and you hold none of ${allowedRoles.join(', ')} on this project.`,
      { code: 'no_account_role' },
    );
  }
  const known = await api.references.roles();
  const found = known.filter(({ name }) => named.includes(name));
  if (found.length === named.length) return found.map(({ id }) => id);
  const missing = named.filter((name) => !found.some((role) => role.name === name));
  throw new ServiceError(
    'unavailable',
    `Keystone has no role ${missing.join(', ')}: the operator named it in [trust] roles.`,
    {
      code: 'role_missing',
    },
  );
}
