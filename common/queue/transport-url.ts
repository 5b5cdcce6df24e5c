import { ServiceError } from '../errors.js';

/** One RabbitMQ server, as amqplib's `connect` takes it. */
export interface BrokerAddress {
  protocol: 'amqp' | 'amqps';
  hostname: string;
  port: number;
  username: string;
  password: string;
  vhost: string;
}

const PROTOCOLS = new Map<string, BrokerAddress['protocol']>([
  ['rabbit', 'amqp'],
  ['amqp', 'amqp'],
  ['kombu', 'amqp'],
  ['amqps', 'amqps'],
]);

/**
 * Reads oslo.messaging's `rabbit://user:password@host:5672,user:password@other:5672/vhost` and the plain
 * `amqp://` form. Parts are percent-decoded; a host without a user takes that of the host before it,
 * an empty vhost is `/`, and oslo's `?ssl=1` means TLS, as `tls` does.
 * @throws ServiceError `invalid` that never repeats the URL, which holds a password.
 */
export function parseTransportUrl(url: string, tls = false): BrokerAddress[] {
  const parts = /^([a-z+]+):\/\/([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/i.exec(url.trim());
  const scheme = parts?.[1]?.toLowerCase() ?? '';
  const byScheme = PROTOCOLS.get(scheme.split('+')[0] ?? '');
  if (parts === null || byScheme === undefined) {
    throw invalid('expected rabbit://user:password@host:port/vhost or amqp://…');
  }
  const query = new URLSearchParams(parts[4] ?? '');
  const asksForTls = ['1', 'true'].includes(query.get('ssl')?.toLowerCase() ?? '');
  const protocol = tls || asksForTls ? 'amqps' : byScheme;
  const vhost = decode(parts[3] ?? '') || '/';
  const addresses: BrokerAddress[] = [];
  for (const host of (parts[2] ?? '').split(',')) {
    addresses.push({ protocol, vhost, ...parseHost(host.trim(), protocol, addresses.at(-1)) });
  }
  return addresses;
}

function parseHost(
  text: string,
  protocol: BrokerAddress['protocol'],
  before: BrokerAddress | undefined,
): Pick<BrokerAddress, 'hostname' | 'port' | 'username' | 'password'> {
  const parts = /^(?:([^@]*)@)?(\[[0-9a-f:.%]+\]|[^:[\]@]+)(?::(\d{1,5}))?$/i.exec(text);
  if (parts?.[2] === undefined) throw invalid('expected user:password@host:port for each server');
  const port = parts[3] === undefined ? (protocol === 'amqps' ? 5671 : 5672) : Number(parts[3]);
  if (port < 1 || port > 65_535) throw invalid(`${port} is no port`);
  const hostname = parts[2].replace(/^\[|\]$/g, '');
  if (parts[1] === undefined) {
    return { hostname, port, username: before?.username ?? 'guest', password: before?.password ?? 'guest' };
  }
  const colon = parts[1].indexOf(':');
  const username = colon < 0 ? parts[1] : parts[1].slice(0, colon);
  return { hostname, port, username: decode(username), password: colon < 0 ? '' : decode(parts[1].slice(colon + 1)) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('a "%" that stands for itself must be written "%25"');
  }
}

function invalid(what: string): ServiceError {
  return new ServiceError('invalid', `[DEFAULT] transport_url: ${what}`, { field: 'transport_url' });
}
