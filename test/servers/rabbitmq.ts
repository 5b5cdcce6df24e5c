import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'amqplib';
import { freePorts } from './free-ports.js';
import { killServer, type ServerGroup, waitUntilReady } from './process-group.js';
import type { Programs } from './programs.js';

export interface RabbitmqServer {
  /** `amqp://` */
  url: string;
  /** Without a warning. What is durable stays. */
  kill(): Promise<void>;
  /** The same server again; resolves when it takes connections. */
  restart(): Promise<void>;
}

/** RabbitMQ with its own name, cookie and epmd, so that it meets no other one. */
export async function startRabbitmq(group: ServerGroup, programs: Programs): Promise<RabbitmqServer> {
  const [port, distributionPort, epmdPort] = await freePorts(3);
  const folder = join(group.folder, 'rabbitmq');
  mkdirSync(folder);
  const config = join(folder, 'rabbitmq.conf');
  writeFileSync(
    config,
    [
      `listeners.tcp.1 = 127.0.0.1:${port}`,
      // A test machine that is nearly full is no reason to block publishers.
      'disk_free_limit.absolute = 1MB',
      'vm_memory_high_watermark.relative = 0.9',
      'log.console = true',
      'log.console.level = warning',
      'log.file = false',
    ].join('\n'),
  );
  const plugins = join(folder, 'enabled_plugins');
  writeFileSync(plugins, '[].\n');
  const epmd = { ERL_EPMD_PORT: String(epmdPort), ERL_EPMD_ADDRESS: '127.0.0.1' };
  group.launch('epmd', [programs.epmd], epmd);
  const environment = {
    ...epmd,
    HOME: folder,
    RABBITMQ_NODENAME: `bayou-test-${port}@localhost`,
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    RABBITMQ_CONF_ENV_FILE: join(folder, 'none'),
    RABBITMQ_CONFIG_FILE: config,
    RABBITMQ_ENABLED_PLUGINS_FILE: plugins,
    RABBITMQ_GENERATED_CONFIG_DIR: join(folder, 'generated'),
    // Two schedulers are plenty, and busy waiting would take them from the tests.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
      '+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}',
  };
  const url = `amqp://guest:guest@127.0.0.1:${port}/`;
  const launch = async () => {
    const server = group.launch('rabbitmq', [programs['rabbitmq-server']], environment);
    await waitUntilReady(server, async () => {
      const connection = await connect(url, { timeout: 2000 });
      await connection.close();
    });
    return server;
  };
  let running = await launch();
  return {
    url,
    kill: () => killServer(running),
    async restart() {
      running = await launch();
    },
  };
}
