import { STATUS_CODES } from 'node:http';
import type { CloudError } from '../cloud-error.js';
import type { ServiceName } from './route.js';

/** Nova names its faults by status. */
const NOVA_FAULTS: Record<number, string> = {
  400: 'badRequest',
  403: 'forbidden',
  404: 'itemNotFound',
  409: 'conflictingRequest',
  413: 'overLimit',
  429: 'overLimit',
};

const HEAT_EXPLANATIONS: Record<number, string> = {
  400: 'The server could not comply with the request since it is either malformed or otherwise incorrect.',
  403: 'Access was denied to this resource.',
  404: 'The resource could not be found.',
  409: 'There was a conflict when trying to complete your request.',
  500: 'The server has either erred or is incapable of performing the requested operation.',
};

/** An error in the shape that the service itself would give it. */
export function errorBody(service: ServiceName, error: CloudError): unknown {
  const { status, message } = error;
  const title = STATUS_CODES[status] ?? 'Error';
  // 401 is the auth filter's, the same in front of every service.
  if (service === 'identity' || status === 401) return { error: { code: status, message, title } };
  switch (service) {
    // Octavia, by its WSME.
    case 'load-balancer':
      return { faultcode: status < 500 ? 'Client' : 'Server', faultstring: message, debuginfo: null };
    case 'compute':
    case 'block-storage':
      return { [NOVA_FAULTS[status] ?? 'computeFault']: { code: status, message } };
    case 'network':
      return { NeutronError: { type: error.type ?? 'HTTPError', message, detail: '' } };
    case 'orchestration':
      return {
        explanation: HEAT_EXPLANATIONS[status] ?? '',
        code: status,
        error: { message, traceback: null, type: error.type ?? `HTTP${title.replaceAll(' ', '')}` },
        title,
      };
    case 'image':
    case 'object-store':
      return `<html>\n <head>\n  <title>${status} ${title}</title>\n </head>\n <body>\n  <h1>${status} ${title}</h1>\n  ${message}<br /><br />\n </body>\n</html>`;
  }
}
