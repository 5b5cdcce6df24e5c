import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Config } from '../../common/config/schema.js';
import { openDatabase } from '../../common/db/database.js';
import { schemaVersion } from '../../common/db/migrate.js';
import { SERVICE_OWNER, secrets } from '../../common/db/secrets.js';
import { errorText, isServiceError } from '../../common/errors.js';
import { loadSealer } from '../../common/sealing.js';
import { migrationSource } from '../../migrations/migrations.js';
import { holdsMagnum } from '../database.js';
import { databaseConnection, secretKeyFile } from '../outside.js';
import { type Finding, fail, ok, type Patient, warn } from './check.js';

const WHAT = 'database';
const KEY = 'secret key';

/** Folders that a restart of the machine empties. */
const VOLATILE = /^\/(tmp|run|var\/run|var\/lock|dev\/shm)(\/|$)/;

/** Makes nothing: neither a file nor a table. */
export async function checkDatabase({ loaded: { config } }: Patient): Promise<Finding[]> {
  const file = sqliteFile(config);
  if (file !== undefined && !existsSync(file)) return [ok(WHAT, `${file} is made at the first start of "bayou all"`)];
  return withDatabase(config, async ({ knex, dialect }) => {
    const version = await knex.raw<[[{ version: string }]] | [{ version: string }]>(
      dialect === 'sqlite' ? 'SELECT sqlite_version() AS version' : 'SELECT version() AS version',
    );
    const server = `${dialect === 'sqlite' ? 'SQLite' : 'MariaDB'} ${[version].flat(2)[0]?.version ?? ''}`;
    if (await holdsMagnum(knex)) {
      return [
        fail(
          WHAT,
          `${server}, but it is Magnum's`,
          'make a database of its own for Bayou and name it in [database] connection',
        ),
      ];
    }
    if (!(await knex.schema.hasTable('knex_migrations'))) {
      return [fail(WHAT, `${server}, empty`, 'run "bayou db upgrade" with this configuration')];
    }
    const { current, pending } = await schemaVersion(knex, migrationSource);
    const at = `${server}, schema ${current ?? 'empty'}`;
    if (pending.length === 0) return [ok(WHAT, at)];
    return [fail(WHAT, `${at}, ${pending.length} migrations behind`, 'run "bayou db upgrade" with this configuration')];
  });
}

/** The key must be there where secrets were sealed with it, open them, and stay. */
export async function checkSecretKey({ loaded: { config } }: Patient): Promise<Finding[]> {
  const file = secretKeyFile(config);
  const sealed = await firstSealed(config);
  if (!existsSync(file)) {
    const remedy = `put the key back with which this database was used, or begin with an empty database`;
    if (sealed !== undefined) return [fail(KEY, `${file} is missing, but the database holds secrets`, remedy)];
    return [ok(KEY, `${file} is made at the first start of "bayou all"; separate processes must be given one`)];
  }
  const sealer = loadSealer(file, false);
  const findings = [];
  try {
    if (sealed !== undefined) sealer.open(`${sealed.owner}/${sealed.name}`, sealed.sealed ?? '');
    findings.push(ok(KEY, sealed === undefined ? file : `${file} opens the secrets of the database`));
  } catch (error) {
    findings.push(
      fail(KEY, errorText(error), 'set [bayou] secret_key_file to the key with which this database was used'),
    );
  }
  if ((statSync(file).mode & 0o077) !== 0) {
    findings.push(warn(KEY, `${file} can be read by others`, `run "chmod 600 ${file}"`));
  }
  if (VOLATILE.test(resolve(file))) {
    const remedy =
      'move it where a restart leaves it and set [bayou] secret_key_file: without it no secret opens again';
    findings.push(warn(KEY, `${file} may be gone after a restart`, remedy));
  }
  return findings;
}

/** The key of the node authority, which the first start makes. */
async function firstSealed(config: Config) {
  const file = sqliteFile(config);
  if (file !== undefined && !existsSync(file)) return undefined;
  return withDatabase(config, async ({ knex }) => {
    if (!(await knex.schema.hasTable('secrets'))) return undefined;
    return secrets.find(knex, { owner: SERVICE_OWNER });
  });
}

function sqliteFile(config: Config): string | undefined {
  return /^sqlite:\/\/\/?(.+)$/.exec(databaseConnection(config))?.[1];
}

async function withDatabase<T>(config: Config, look: (db: ReturnType<typeof openDatabase>) => Promise<T>): Promise<T> {
  const db = openDatabase({ connection: databaseConnection(config), maxPoolSize: 2 });
  try {
    return await db.read('doctor', () => look(db));
  } catch (error) {
    // What the server itself said is more use than that it did not answer.
    throw isServiceError(error, 'unavailable') && error.cause !== undefined ? error.cause : error;
  } finally {
    await db.close();
  }
}
