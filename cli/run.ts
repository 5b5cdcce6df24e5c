import type { LoadedConfig } from '../common/config/load.js';
import type { Config } from '../common/config/schema.js';
import { openDatabase } from '../common/db/database.js';
import { schemaVersion, upgradeSchema } from '../common/db/migrate.js';
import { errorText, ServiceError } from '../common/errors.js';
import { migrationSource } from '../migrations/migrations.js';
import { composeService, type Roles } from './compose.js';
import { startDevelopment } from './development.js';
import { databaseConnection, type Outside, openOutside } from './outside.js';
import { letHeapGrow } from './small-start.js';

/** After SIGTERM: what has not ended by then is taken over by others. */
const STOP_LIMIT_MS = 30_000;

/** Runs the chosen parts until SIGTERM or SIGINT. */
export async function runService(loaded: LoadedConfig, roles: Roles): Promise<void> {
  const embedded = roles.api && roles.conductor;
  if (!embedded && loaded.config.database.connection === undefined) {
    throw new ServiceError(
      'invalid',
      '[database] connection: separate processes share a MariaDB; only "bayou all" may use a file of its own',
    );
  }
  await prepareSchema(loaded.config, embedded);
  const outside = openOutside(loaded.config, { createSecretKey: embedded });
  logPassedOver(outside, loaded);
  const development = await startDevelopment(outside, loaded.config, embedded);
  const service = composeService(outside, development.config, roles);
  // Heard from now on: who is told that it is up may stop it in the same instant.
  const signal = untilSignal();
  const addresses = await service.start();
  letHeapGrow();
  outside.log.info({ ...addresses, roles, cloud: development.config.keystoneAuthtoken.authUrl }, 'Bayou is up');
  await signal;
  await stopAll(outside, [service.stop, development.stop, outside.db.close]);
}

function logPassedOver({ log }: Outside, { passedOver }: LoadedConfig): void {
  const meaningless = passedOver.filter(({ missed }) => !missed).map(({ setting }) => setting);
  if (meaningless.length > 0) log.info({ settings: meaningless }, 'Settings that mean nothing here were passed over');
  for (const { setting, because } of passedOver.filter(({ missed }) => missed)) {
    log.warn({ setting, instead: because }, 'Setting was passed over');
  }
}

/** The embedded database is ours to upgrade; a shared one is upgraded by `bayou db upgrade`. */
async function prepareSchema(config: Config, embedded: boolean): Promise<void> {
  const db = openDatabase({ connection: databaseConnection(config), maxPoolSize: 2 });
  try {
    if (embedded && db.dialect === 'sqlite') await upgradeSchema(db.knex, migrationSource);
    const { pending } = await schemaVersion(db.knex, migrationSource);
    if (pending.length > 0) {
      throw new ServiceError(
        'invalid',
        `The database lacks ${pending.length} migration(s): run "bayou db upgrade" first`,
      );
    }
  } finally {
    await db.close();
  }
}

function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
}

async function stopAll(outside: Outside, stops: (() => Promise<void>)[]): Promise<void> {
  outside.log.info('Stopping');
  outside.clock.after(STOP_LIMIT_MS, () => process.exit(1));
  for (const stop of stops) {
    try {
      await stop();
    } catch (error) {
      outside.log.warn({ reason: errorText(error) }, 'A part did not stop well');
    }
  }
  process.exit(0);
}
