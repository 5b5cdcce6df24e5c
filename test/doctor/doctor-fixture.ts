import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Finding } from '../../cli/doctor/check.js';
import { examine } from '../../cli/doctor/doctor.js';
import { patientOf } from '../../cli/doctor/patient.js';
import { type Clock, systemClock } from '../../common/clock.js';
import { loadConfig } from '../../common/config/load.js';
import { openDatabase } from '../../common/db/database.js';
import { upgradeSchema } from '../../common/db/migrate.js';
import { systemIds } from '../../common/ids.js';
import { silentLog } from '../../common/log.js';
import { type DevelopmentCloud, startDevelopmentCloud } from '../../devstack/devcloud/devcloud.js';
import { migrationSource } from '../../migrations/migrations.js';

/** Settings by their name in the environment, as `BAYOU_API__PORT`. */
export type Settings = Record<string, string>;

export interface ExamineOptions {
  project?: string;
  clock?: Clock;
  signal?: AbortSignal;
  /** Called after each finding, as the examination goes on. */
  onFinding?: (finding: Finding) => void;
}

/** A development cloud and a database with the newest schema, for the doctor to look at. */
export interface DoctorFixture {
  cloud: DevelopmentCloud;
  folder: string;
  /** In which everything is right. */
  settings: Settings;
  examine(changes?: Settings, options?: ExamineOptions): Promise<Finding[]>;
  stop(): Promise<void>;
}

export async function startFixture(): Promise<DoctorFixture> {
  const folder = mkdtempSync(join(tmpdir(), 'bayou-doctor-'));
  const cloud = await startDevelopmentCloud(
    { clock: systemClock, ids: systemIds, log: silentLog },
    { host: '127.0.0.1', port: 0, bootMs: 0, heatStepMs: 0, containerInfraUrl: 'http://127.0.0.1:9511/v1' },
  );
  const settings: Settings = {
    BAYOU_DEFAULT__STATE_PATH: folder,
    BAYOU_KEYSTONE_AUTHTOKEN__AUTH_URL: cloud.url,
    BAYOU_KEYSTONE_AUTHTOKEN__PASSWORD: 'secret',
    BAYOU_TRUST__TRUSTEE_DOMAIN_ADMIN_PASSWORD: 'secret',
    BAYOU_DEVELOPMENT_CLOUD__PORT: new URL(cloud.url).port,
    BAYOU_CONDUCTOR__CALL_TIMEOUT_SECONDS: '2',
    // Nobody listens there.
    BAYOU_NODE_LISTENER__PORT: '1',
  };
  const db = openDatabase({ connection: `sqlite:///${join(folder, 'bayou.sqlite')}`, maxPoolSize: 1 });
  await upgradeSchema(db.knex, migrationSource);
  await db.close();
  return {
    cloud,
    folder,
    settings,
    async examine(changes = {}, { project, clock = systemClock, signal, onFinding } = {}) {
      const loaded = loadConfig(undefined, { ...settings, ...changes });
      const findings: Finding[] = [];
      for await (const finding of examine(patientOf({ clock, ids: systemIds }, loaded, project), signal)) {
        findings.push(finding);
        onFinding?.(finding);
      }
      return findings;
    },
    async stop() {
      await cloud.stop();
      rmSync(folder, { recursive: true });
    },
  };
}
