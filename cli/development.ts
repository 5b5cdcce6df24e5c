import type { Config } from '../common/config/schema.js';
import type { Outside } from './outside.js';

export interface Development {
  /** The configuration, with the development cloud's Keystone where none was named. */
  config: Config;
  stop(): Promise<void>;
}

/** Password of every seeded user of the development cloud. */
const DEVELOPMENT_PASSWORD = 'secret';
/** How long its nodes take for a step. */
const STEP_MS = 300;
const HEAT_STEP_MS = 200;

/** Starts the development cloud for `bayou all` where no Keystone is configured: a newcomer's first cloud. */
export async function startDevelopment(outside: Outside, config: Config, embedded: boolean): Promise<Development> {
  if (!embedded || config.keystoneAuthtoken.authUrl !== undefined) return { config, stop: async () => {} };
  // Loaded only where there is one: it is as large as Bayou.
  const [{ startDevelopmentCloud }, { createPlayer }] = await Promise.all([
    import('../devstack/devcloud/devcloud.js'),
    import('../devstack/devcloud/player/player.js'),
  ]);
  const { clock, ids, log } = outside;
  const { host, port, bootSeconds } = config.developmentCloud;
  const cloud = await startDevelopmentCloud(
    { clock, ids, log },
    {
      host,
      port,
      containerInfraUrl: `http://${config.api.host}:${config.api.port}/v1`,
      bootMs: bootSeconds * 1000,
      heatStepMs: HEAT_STEP_MS,
      player: createPlayer({ clock, ids, log }, { stepMs: STEP_MS }),
    },
  );
  return { config: withDevelopmentCloud(config, cloud.url), stop: () => cloud.stop() };
}

export function withDevelopmentCloud(config: Config, authUrl: string): Config {
  return Object.freeze({
    ...config,
    keystoneAuthtoken: Object.freeze({ ...config.keystoneAuthtoken, authUrl, password: DEVELOPMENT_PASSWORD }),
    trust: Object.freeze({ ...config.trust, trusteeDomainAdminPassword: DEVELOPMENT_PASSWORD }),
  });
}
