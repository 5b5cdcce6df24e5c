import { REGISTRY_LOGIN } from '../../drivers/driver.js';
import { openRenewals, type RenewalDeps } from '../renewal.js';

/** Of the logins of clusters' registries; `loginMs` is how long one is good. */
export function beginRenewals(deps: RenewalDeps & { loginMs: number }): Promise<number> {
  return openRenewals(deps, {
    kind: 'renew_registry',
    secret: REGISTRY_LOGIN,
    resource: { service: 'identity', type: 'user', namePrefix: 'registry-' },
    lifeMs: deps.loginMs,
  });
}
