import type { Cloud } from '../cloud.js';
import { CloudError, UNAUTHORIZED } from '../cloud-error.js';
import type { Caller } from './callers.js';

/**
 * As keystonemiddleware in front of a service whose `service_type` is set: a request that no rule of the application
 * credential names counts as not authenticated.
 * @throws CloudError 401
 */
export function refuseByRules(
  cloud: Cloud,
  { token }: Caller,
  asked: { service: string; method: string; path: string },
): void {
  const credential = cloud.identity.applicationCredentials.get(token.applicationCredentialId ?? '');
  const rules = credential?.accessRules;
  if (rules === undefined || asked.service === 'identity') return;
  const allows = rules.some(
    ({ service, method, path }) =>
      service === asked.service && method === asked.method && patternOf(path).test(asked.path),
  );
  if (!allows) throw new CloudError(401, UNAUTHORIZED);
}

/** `*` and `{name}` are one part of a path, `**` any number of them. */
function patternOf(path: string): RegExp {
  const source = path.replace(/\*\*|\*|\{[^}]*\}|[.+?^$()|[\]\\]/g, (found) => {
    if (found === '**') return '.*';
    return found === '*' || found.startsWith('{') ? '[^/]+' : `\\${found}`;
  });
  return new RegExp(`^${source}$`);
}
