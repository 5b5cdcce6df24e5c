import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import createKnex, { type Knex } from 'knex';
import { ServiceError } from '../errors.js';
import { parseMariaDbUrl } from './mariadb-url.js';

/** What a repository function needs: the pool, or a transaction under way. */
export type Query = Knex | Knex.Transaction;

/**
 * The database, seen by use cases. `name` says what the work is for: it labels metrics, and lets
 * the crash suite stop the process before it, or lose its answer after the commit.
 */
export interface Database {
  readonly dialect: Dialect;
  read<T>(name: string, work: (query: Query) => Promise<T>): Promise<T>;
  /**
   * One transaction; run again from the start when the server chose it as a deadlock's victim.
   * Inside, only `trx` may be used: on SQLite there is one connection, and asking for another waits for ever.
   */
  transaction<T>(name: string, work: (trx: Query) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export type Dialect = 'sqlite' | 'mariadb';

const MAX_TRANSACTION_ATTEMPTS = 5;
const RETRIED_ERRORS = new Set(['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_CHECKREAD', 'SQLITE_BUSY']);

export interface DatabaseOptions {
  /** SQLAlchemy's form, as in Magnum's file: `mysql+pymysql://user:password@host:3306/name?charset=utf8`, `sqlite:////path`. */
  connection: string;
  maxPoolSize: number;
}

export function openDatabase(options: DatabaseOptions): Database & { readonly knex: Knex } {
  const { dialect, knex } = connect(options);
  return {
    dialect,
    knex,
    read: (_name, work) => translateOutage(() => work(knex)),
    transaction: (_name, work) => translateOutage(() => runTransaction(knex, work)),
    close: () => knex.destroy(),
  };
}

async function runTransaction<T>(knex: Knex, work: (trx: Query) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    let cause: unknown;
    try {
      return await knex.transaction((trx) =>
        work(trx).catch((error: unknown) => {
          cause = error;
          throw error;
        }),
      );
    } catch (error) {
      // On a dead connection the rollback fails, too, and knex tells of that only.
      const failure = cause ?? error;
      if (attempt >= MAX_TRANSACTION_ATTEMPTS || !RETRIED_ERRORS.has(errorCode(failure))) throw failure;
    }
  }
}

function connect(options: DatabaseOptions): { dialect: Dialect; knex: Knex } {
  const [scheme = '', rest = ''] = options.connection.split(/:\/\/(.*)/s);
  if (scheme.startsWith('sqlite')) return { dialect: 'sqlite', knex: openSqlite(rest.replace(/^\//, '')) };
  if (/^(mysql|mariadb)(\+\w+)?$/.test(scheme)) {
    return { dialect: 'mariadb', knex: openMariaDb(`mysql://${rest}`, options.maxPoolSize) };
  }
  throw new ServiceError('invalid', `[database] connection: "${scheme}" is neither mysql nor sqlite`);
}

/** What knex would print on standard output, it also throws. */
const quiet = { warn() {}, error() {} };

/** `file` is a path, or `:memory:`. */
function openSqlite(file: string): Knex {
  const name = file === '' ? ':memory:' : file;
  if (name !== ':memory:') mkdirSync(dirname(name), { recursive: true });
  return createKnex({
    client: libsqlDialect(),
    log: quiet,
    connection: { filename: name },
    useNullAsDefault: true,
    // A query on the pool inside a transaction shows at once instead of hanging.
    acquireConnectionTimeout: 5000,
    pool: { min: 1, max: 1, afterCreate: prepareSqlite },
  });
}

interface SqliteConnection {
  exec(sql: string): void;
}

function prepareSqlite(
  connection: SqliteConnection,
  done: (error: Error | null, connection: SqliteConnection) => void,
) {
  connection.exec('PRAGMA journal_mode = WAL');
  connection.exec('PRAGMA synchronous = NORMAL');
  connection.exec('PRAGMA busy_timeout = 5000');
  connection.exec('PRAGMA foreign_keys = ON');
  // As MariaDB compares what is stored in its binary collations.
  connection.exec('PRAGMA case_sensitive_like = ON');
  done(null, connection);
}

/** knex's dialect for better-sqlite3 over libsql, which has the same interface and needs no compiler to install. */
function libsqlDialect(): typeof Knex.Client {
  const betterSqlite3 = require('knex/lib/dialects/better-sqlite3') as typeof Knex.Client;
  return class extends betterSqlite3 {
    _driver(): unknown {
      return require('libsql');
    }
  } as typeof Knex.Client;
}

function openMariaDb(url: string, maxPoolSize: number): Knex {
  return createKnex({
    client: 'mysql2',
    log: quiet,
    connection: {
      ...parseMariaDbUrl(url),
      charset: 'utf8mb4',
      timezone: 'Z',
    },
    acquireConnectionTimeout: 8000,
    pool: { min: 0, max: maxPoolSize, idleTimeoutMillis: 60_000, afterCreate: prepareMariaDb },
  });
}

interface MariaDbConnection {
  query(sql: string, done: (error: Error | null) => void): void;
}

/** Read committed: a re-read after a lost compare-and-set must see the winner. */
function prepareMariaDb(
  connection: MariaDbConnection,
  done: (error: Error | null, connection: MariaDbConnection) => void,
) {
  connection.query(
    "SET SESSION tx_isolation = 'READ-COMMITTED', sql_mode = 'STRICT_ALL_TABLES', innodb_lock_wait_timeout = 5",
    (error) => {
      if (error !== null) done(error, connection);
      else done(null, connection);
    },
  );
}

function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : '';
}

const OUTAGES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EPIPE',
  'EHOSTUNREACH',
  'PROTOCOL_CONNECTION_LOST',
  'ER_CON_COUNT_ERROR',
  'ER_SERVER_SHUTDOWN',
  ...RETRIED_ERRORS,
]);

function isOutage(error: unknown): boolean {
  const { name, fatal } = (error ?? {}) as { name?: unknown; fatal?: unknown };
  const code = errorCode(error);
  // mysql2 gives no code to what is asked of a connection that is known to be dead.
  return name === 'KnexTimeoutError' || OUTAGES.has(code) || (fatal === true && code === '');
}

/** A database that is down or overloaded is `unavailable`, to be tried again; nothing else is touched. */
async function translateOutage<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isOutage(error)) throw error;
    throw new ServiceError('unavailable', 'The database does not answer', {
      code: 'database_unavailable',
      retryAfterSeconds: 5,
      cause: error,
    });
  }
}

/** Whether an insert or update was refused because a unique column has that value already. */
export function isDuplicate(error: unknown): boolean {
  const code = errorCode(error);
  return (
    code === 'ER_DUP_ENTRY' || code.startsWith('SQLITE_CONSTRAINT_UNIQUE') || code === 'SQLITE_CONSTRAINT_PRIMARYKEY'
  );
}
