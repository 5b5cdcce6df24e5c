import { CLOUD_CREDENTIAL } from '../../drivers/driver.js';
import { openRenewals, type RenewalDeps } from '../renewal.js';

/** Of what clusters log in to the cloud with by themselves. */
export function beginCredentialRenewals(deps: RenewalDeps, lifeMs: number): Promise<number> {
  return openRenewals(deps, {
    kind: 'renew_credential',
    secret: CLOUD_CREDENTIAL,
    resource: { service: 'identity', type: 'application_credential', namePrefix: 'cloud-' },
    lifeMs,
  });
}
