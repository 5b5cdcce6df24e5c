import { isServiceError } from '../common/errors.js';
import { type Reason, type ReasonCode, reason } from '../common/reasons.js';
import { isOpenStackError, isRemoteRefusal, isTransient, type OpenStackError } from '../openstack/errors.js';

/**
 * What an error means for an operation: try again (`transient`), wait for someone (`blocked`), or give
 * up (`final`). Decided from status code and fault type; words only choose between reasons.
 */
export interface Verdict {
  outcome: 'transient' | 'blocked' | 'final';
  reason: Reason;
}

export function explainError(error: unknown): Verdict {
  if (isOpenStackError(error)) return explainCloudError(error);
  if (isServiceError(error, 'unavailable')) {
    return { outcome: 'transient', reason: reason('cloud_unavailable', error.message) };
  }
  return { outcome: 'transient', reason: reason('internal', 'Something unforeseen went wrong') };
}

function explainCloudError(error: OpenStackError): Verdict {
  const said = `${SERVICE_NAMES[error.service]} answered ${error.status ?? 'nothing'}: ${error.serviceMessage}`;
  const verdict = (outcome: Verdict['outcome'], code: ReasonCode): Verdict => ({
    outcome,
    reason: reason(code, said, { requestIds: error.requestId === undefined ? [] : [error.requestId] }),
  });
  const passing: boolean = isTransient(error);
  if (passing) return verdict('transient', 'cloud_unavailable');
  if (isRemoteRefusal(error)) return verdict('blocked', 'forbidden');
  switch (error.status) {
    case 401:
      return verdict('blocked', 'account_refused');
    case 403:
      return isQuota(error) ? verdict('final', 'quota_exceeded') : verdict('blocked', forbiddenCode(error));
    case 409:
      return isQuota(error) ? verdict('final', 'quota_exceeded') : verdict('transient', 'cloud_unavailable');
    case 413:
      return verdict('final', 'quota_exceeded');
    case 404:
      return verdict('final', error.service === 'identity' ? 'project_gone' : 'stack_failed');
    default:
      return verdict(
        'final',
        error.service === 'orchestration' ? failureCode(error.serviceMessage, 'stack_rejected') : 'internal',
      );
  }
}

const SERVICE_NAMES: Record<OpenStackError['service'], string> = {
  identity: 'Keystone',
  image: 'Glance',
  compute: 'Nova',
  network: 'Neutron',
  orchestration: 'Heat',
  'object-store': 'Swift',
  'load-balancer': 'Octavia',
  'block-storage': 'Cinder',
};

function isQuota(error: OpenStackError): boolean {
  return error.faultType === 'OverQuota' || /quota|maximum (number of )?stacks/i.test(error.serviceMessage);
}

function forbiddenCode(error: OpenStackError): ReasonCode {
  if (error.service === 'object-store') return 'object_store_refused';
  return error.service === 'identity' ? 'account_refused' : 'forbidden';
}

/** Heat gives a failed resource's cause as text only: the type of the error, then the service's words. */
const FAILURE_WORDS: [pattern: RegExp, code: ReasonCode][] = [
  [/quota|OverLimit|too many/i, 'quota_exceeded'],
  [/no valid host/i, 'no_valid_host'],
  [
    /IpAddressGenerationFailure|ExternalIpAddressExhausted|no more IP addresses|no.* addresses available/i,
    'address_exhausted',
  ],
  [/image.*(could not be found|not found|was not found)|ImageNotFound/i, 'image_not_found'],
  [/flavor.*(could not be found|not found)|FlavorNotFound/i, 'flavor_not_found'],
  [/network.*(could not be found|not found|unable to find)/i, 'network_not_found'],
];

export function failureCode(words: string, otherwise: ReasonCode): ReasonCode {
  return FAILURE_WORDS.find(([pattern]) => pattern.test(words))?.[1] ?? otherwise;
}
