import { startMariadb } from './mariadb.js';
import { ServerGroup } from './process-group.js';
import { findPrograms } from './programs.js';
import { startRabbitmq } from './rabbitmq.js';
import { startRedis } from './redis.js';

export interface RunningServers {
  /** The variables by which the tests find the servers. */
  environment: Record<string, string>;
  /** Goes with them. */
  folder: string;
  /** Leaves them running when this process ends. */
  keep(): void;
  stop(): Promise<void>;
}

/** The three servers, side by side, on free loopback ports and in one temporary folder. */
export async function startServers(): Promise<RunningServers> {
  const programs = findPrograms();
  const group = new ServerGroup();
  try {
    const [mariadb, rabbitmq, redis] = await Promise.all([
      startMariadb(group, programs),
      startRabbitmq(group, programs),
      startRedis(group, programs),
    ]);
    return {
      environment: {
        BAYOU_TEST_MARIADB_URL: mariadb,
        BAYOU_TEST_RABBITMQ_URL: rabbitmq.url,
        BAYOU_TEST_REDIS_URL: redis,
      },
      folder: group.folder,
      keep: () => group.keep(),
      stop: () => group.stop(),
    };
  } catch (error) {
    await group.stop();
    throw error;
  }
}
