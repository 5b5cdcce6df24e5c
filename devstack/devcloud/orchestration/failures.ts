import { errorText } from '../../../common/errors.js';
import type { Cloud } from '../cloud.js';
import { CloudError } from '../cloud-error.js';
import { ResourceInError, type ResourceType } from './types/resource-type.js';

/** Neutron's fault types that its Python client has a class for; any other goes by its status. */
const NEUTRON_CLASSES = new Set([
  'NetworkNotFound',
  'PortNotFound',
  'NetworkInUse',
  'PortInUse',
  'OverQuota',
  'IpAddressGenerationFailure',
  'InvalidIpForNetwork',
  'InvalidIpForSubnet',
]);

const STATUS_CLASSES: Record<number, string> = {
  400: 'BadRequest',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
};

/** "OverQuotaClient: resources.net: Quota exceeded …": the class of the client's exception, the place, its words. */
export function failureReason(cloud: Cloud, type: ResourceType, name: string, error: unknown): string {
  if (error instanceof ResourceInError) return `ResourceInError: resources.${name}: ${error.message}`;
  if (!(error instanceof CloudError)) throw error;
  const requestId = `req-${cloud.ids.uuid()}`;
  const byStatus = STATUS_CLASSES[error.status] ?? 'ClientException';
  if (type.service === 'network') {
    const known = error.type !== undefined && NEUTRON_CLASSES.has(error.type);
    const words = `${error.message}\nNeutron server returns request_ids: ['${requestId}']`;
    return `${known ? `${error.type}Client` : byStatus}: resources.${name}: ${words}`;
  }
  return `${byStatus}: resources.${name}: ${errorText(error)} (HTTP ${error.status}) (Request-ID: ${requestId})`;
}
