import { loadPolicy } from '../../api/policy-files.js';
import { SignedTokens } from '../../api/signed-tokens.js';
import { silentLog } from '../../common/log.js';
import { type Finding, ok, type Patient, warn } from './check.js';

/** What the API reads from files to know who may do what. */
export function checkPolicy({ loaded: { config }, clock }: Patient): Finding[] {
  const { warnings } = loadPolicy(config.osloPolicy);
  const folder = config.keystoneAuthtoken.jwsPublicKeyRepository;
  if (folder !== undefined) new SignedTokens({ clock, log: silentLog }, folder);
  return [
    ok('policy', 'understood'),
    ...warnings.map((warning) => warn('policy', warning, 'mend the name, or take it out')),
  ];
}
