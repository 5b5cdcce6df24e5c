import { readFileSync } from 'node:fs';
import { ServiceError } from '../errors.js';

/** How mysql2 reaches a database, apart from what Bayou chooses itself. */
export interface MariaDbAddress {
  host?: string;
  port?: number;
  socketPath?: string;
  user: string;
  password: string;
  database: string;
  connectTimeout: number;
  ssl?: { rejectUnauthorized: boolean; verifyIdentity: boolean; ca?: Buffer; cert?: Buffer; key?: Buffer };
}

const URL_FORM =
  /^[\w+]+:\/\/(?:(?<user>[^:/]*)(?::(?<password>[^@]*))?@)?(?:\[(?<ipv6>[^/?]+)\]|(?<host>[^/:?]+))?(?::(?<port>\d{1,5}))?(?:\/(?<database>[^?]*))?(?:\?(?<query>.*))?$/s;
const DEFAULT_PORT = 3306;
const CONNECT_TIMEOUT_MS = 5000;

/**
 * Reads SQLAlchemy's `mysql+pymysql://user:password@host:3306/name?option=value`. As there, only `@`, `:` and `/` of a
 * password need their percent form. Of the options `unix_socket`, `connect_timeout` and those of TLS (`ssl_ca`,
 * `ssl_cert`, `ssl_key`, `ssl_check_hostname`, `ssl_mode`) are followed; the character set is always utf8mb4.
 * @throws ServiceError `invalid` that never repeats the URL, which holds a password.
 */
export function parseMariaDbUrl(url: string): MariaDbAddress {
  const parts = URL_FORM.exec(url)?.groups;
  if (parts === undefined) throw invalid('expected mysql+pymysql://user:password@host:3306/name');
  const database = decoded(parts.database ?? '');
  if (database === '') throw invalid('the URL names no database after the host');
  const options = new URLSearchParams(parts.query ?? '');
  const socketPath = options.get('unix_socket') ?? undefined;
  const timeoutSeconds = Number(options.get('connect_timeout') ?? Number.NaN);
  return {
    ...(socketPath === undefined
      ? {
          host: parts.ipv6 ?? parts.host ?? 'localhost',
          port: parts.port === undefined ? DEFAULT_PORT : Number(parts.port),
        }
      : { socketPath }),
    user: decoded(parts.user ?? ''),
    password: decoded(parts.password ?? ''),
    database,
    connectTimeout: timeoutSeconds > 0 ? timeoutSeconds * 1000 : CONNECT_TIMEOUT_MS,
    ...tlsOf(options),
  };
}

/** As PyMySQL does: checked against a given authority, and not at all without one. */
function tlsOf(options: URLSearchParams): Pick<MariaDbAddress, 'ssl'> {
  const mode = options.get('ssl_mode')?.toUpperCase();
  const file = (option: 'ca' | 'cert' | 'key') => {
    const path = options.get(`ssl_${option}`);
    return path === null ? {} : { [option]: readPem(`ssl_${option}`, path) };
  };
  const files = { ...file('ca'), ...file('cert'), ...file('key') };
  const isWanted = Object.keys(files).length > 0 || (mode !== undefined && !['DISABLED', 'PREFERRED'].includes(mode));
  if (!isWanted) return {};
  const isVerified = 'ca' in files || mode?.startsWith('VERIFY_') === true;
  const checksHost = mode === undefined ? options.get('ssl_check_hostname') !== 'false' : mode === 'VERIFY_IDENTITY';
  return { ssl: { rejectUnauthorized: isVerified, verifyIdentity: isVerified && checksHost, ...files } };
}

function readPem(option: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ServiceError('invalid', `[database] connection: ${option}: ${path} can't be read`, { cause: error });
  }
}

/** A percent sign that begins no percent form stands for itself, as with Python's `unquote`. */
function decoded(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (bytes) => Buffer.from(bytes.replaceAll('%', ''), 'hex').toString('utf8'));
}

function invalid(what: string): ServiceError {
  return new ServiceError('invalid', `[database] connection: ${what}`);
}
