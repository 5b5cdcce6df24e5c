import type { ServiceType, TransportResponse } from './transport.js';

export interface OpenStackErrorDetails {
  service: ServiceType;
  method: string;
  /** With its query, values of secret-looking parameters taken out. */
  url: string;
  /** Undefined: no answer came. */
  status?: number | undefined;
  /** The service's own words. */
  serviceMessage: string;
  /** Heat's `error.type`, Neutron's `type`, Nova's key (`forbidden`, `itemNotFound`). */
  faultType?: string | undefined;
  /** The service's own id of the call. */
  requestId?: string | undefined;
  retryAfterSeconds?: number | undefined;
  cause?: unknown;
}

/** A call to an OpenStack service that had no answer, or another than it should have. */
export class OpenStackError extends Error {
  readonly service: ServiceType;
  readonly method: string;
  readonly url: string;
  readonly status: number | undefined;
  readonly serviceMessage: string;
  readonly faultType: string | undefined;
  readonly requestId: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(details: OpenStackErrorDetails) {
    const outcome = details.status === undefined ? 'no answer' : String(details.status);
    super(
      `${details.service}: ${details.method} ${withoutSecrets(details.url)}: ${outcome}: ${details.serviceMessage}`,
      {
        cause: details.cause,
      },
    );
    this.name = 'OpenStackError';
    this.service = details.service;
    this.method = details.method;
    this.url = withoutSecrets(details.url);
    this.status = details.status;
    this.serviceMessage = details.serviceMessage;
    this.faultType = details.faultType;
    this.requestId = details.requestId;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

export function isOpenStackError(error: unknown): error is OpenStackError {
  return error instanceof OpenStackError;
}

export function isStatus(error: unknown, ...codes: number[]): error is OpenStackError {
  return isOpenStackError(error) && error.status !== undefined && codes.includes(error.status);
}

export function isNotFound(error: unknown): error is OpenStackError {
  return isStatus(error, 404);
}

export function isConflict(error: unknown): error is OpenStackError {
  return isStatus(error, 409);
}

const TRANSIENT_STATUS = new Set([408, 429, 500, 502, 503, 504]);
/** Swift's own: its limit of requests, and a full disk. */
const TRANSIENT_STATUS_OF_SWIFT = new Set([498, 507]);

/**
 * Heat's 500 for what its engine was refused: `RemoteError`, whose message begins with the class of the engine's own
 * error (oslo.messaging). So it is when it can't make its trust with these credentials.
 */
export function isRemoteRefusal({ faultType, serviceMessage }: OpenStackError): boolean {
  return faultType === 'RemoteError' && /^Remote error: (Forbidden|Unauthorized)\b/.test(serviceMessage);
}

/**
 * Worth trying again later, unchanged: no answer, 408, 429, 500, 502, 503, 504, and Swift's 498 and 507. A 500 counts,
 * since Heat, Nova and Neutron answer it while their database, broker or a peer is away, and Heat for a
 * moment while a stack is going; a refusal that Heat passes on does not.
 */
export function isTransient(error: unknown): error is OpenStackError {
  if (!isOpenStackError(error)) return false;
  if (error.status === undefined) return true;
  if (error.service === 'object-store' && TRANSIENT_STATUS_OF_SWIFT.has(error.status)) return true;
  return TRANSIENT_STATUS.has(error.status) && !isRemoteRefusal(error);
}

/** What an error answer says, in whichever of the services' shapes it comes. */
export function readFault(
  response: TransportResponse,
): Pick<OpenStackErrorDetails, 'serviceMessage' | 'faultType' | 'requestId' | 'retryAfterSeconds'> {
  const { message, type } = faultOf(response.body);
  const retryAfter = Number(response.headers['retry-after']);
  return {
    serviceMessage: message === '' ? `HTTP ${response.status}` : message,
    faultType: type,
    requestId: response.headers['x-openstack-request-id'] ?? response.headers['x-compute-request-id'],
    retryAfterSeconds: Number.isFinite(retryAfter) && retryAfter >= 0 ? retryAfter : undefined,
  };
}

interface Fault {
  message: string;
  type: string | undefined;
}

function faultOf(body: unknown): Fault {
  if (typeof body === 'string') return { message: plainText(body), type: undefined };
  if (!isRecord(body)) return { message: '', type: undefined };
  if (isRecord(body.error))
    return { message: words(body.error.message, body.explanation), type: name(body.error.type) }; // Keystone, Heat
  if (typeof body.NeutronError === 'string') return { message: plainText(body.NeutronError), type: undefined };
  if (typeof body.message === 'string') return { message: plainText(body.message), type: undefined }; // Glance
  if (typeof body.faultstring === 'string') return { message: plainText(body.faultstring), type: name(body.faultcode) };
  const first = Array.isArray(body.errors) ? body.errors[0] : undefined;
  if (isRecord(first)) return { message: words(first.detail, first.title), type: name(first.code) };
  for (const [key, value] of Object.entries(body)) {
    // Nova's {"forbidden": {code, message}} and Neutron's {"NeutronError": {type, message, detail}}
    if (isRecord(value) && 'message' in value) return { message: words(value.message), type: name(value.type) ?? key };
  }
  return { message: plainText(JSON.stringify(body)), type: undefined };
}

const MAX_MESSAGE_LENGTH = 1000;

function words(...candidates: unknown[]): string {
  const found = candidates.find((candidate) => typeof candidate === 'string' && candidate !== '');
  return typeof found === 'string' ? plainText(found) : '';
}

/** Without tags and line breaks, and of bounded length. */
function plainText(text: string): string {
  return text
    .slice(0, 10 * MAX_MESSAGE_LENGTH)
    .replace(/<head>.*?<\/head>/gis, ' ')
    .replace(/<[^>]{1,200}>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, MAX_MESSAGE_LENGTH);
}

function name(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withoutSecrets(url: string): string {
  return url.replace(/([?&][^=&]*(?:token|secret|password|signature)[^=&]*=)[^&]*/gi, '$1***');
}
