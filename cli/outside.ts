import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { type Clock, systemClock } from '../common/clock.js';
import type { Config } from '../common/config/schema.js';
import { type Database, openDatabase } from '../common/db/database.js';
import { type Ids, systemIds } from '../common/ids.js';
import { createLog, type Log } from '../common/log.js';
import { createMetrics, type Metrics } from '../common/metrics.js';
import { InProcessQueue } from '../common/queue/in-process.js';
import type { Queue } from '../common/queue/queue.js';
import { RabbitQueue } from '../common/queue/rabbitmq.js';
import type { Scheduler } from '../common/scheduler/scheduler.js';
import { TimerScheduler } from '../common/scheduler/timers.js';
import { loadSealer, type Sealer } from '../common/sealing.js';
import { createRunOverSsh, type RunOverSsh } from '../common/ssh/run-over-ssh.js';
import { createTransport, type Transport } from '../openstack/transport.js';
import { transportOptions } from './service-clients.js';

/**
 * Everything through which a process touches the outside. The crash suite wraps each of these to stop
 * the process before or after any of them, or to lose an answer.
 */
export interface Outside {
  clock: Clock;
  ids: Ids;
  log: Log;
  db: Database;
  queue: Queue;
  scheduler: Scheduler;
  transport: Transport;
  ssh: RunOverSsh;
  sealer: Sealer;
  metrics: Metrics;
}

export function databaseConnection(config: Config): string {
  return config.database.connection ?? `sqlite:///${resolve(config.general.statePath, 'bayou.sqlite')}`;
}

export function secretKeyFile(config: Config): string {
  return config.bayou.secretKeyFile ?? resolve(config.general.statePath, 'secret.key');
}

/** A conductor or API of its own must be given the key that the others have; `bayou all` makes one. */
export function openSealer(config: Config, create: boolean): Sealer {
  return loadSealer(secretKeyFile(config), create);
}

/** The real outside, as the configuration names it. Nothing is connected yet. */
export function openOutside(config: Config, options: { createSecretKey: boolean }): Outside {
  const clock = systemClock;
  const log = createLog({ level: config.general.debug ? 'debug' : 'info' });
  const queue = openQueue(config, clock, log);
  const scheduler = openScheduler(config, clock, log);
  const metrics = createMetrics({ queue, scheduler });
  return {
    clock,
    ids: systemIds,
    log,
    db: openDatabase({ connection: databaseConnection(config), maxPoolSize: config.database.maxPoolSize }),
    queue,
    scheduler,
    transport: measured(metrics, clock, createTransport(transportOptions(config))),
    ssh: createRunOverSsh(),
    sealer: openSealer(config, options.createSecretKey),
    metrics,
  };
}

function openQueue(config: Config, clock: Clock, log: Log): Queue {
  const { transportUrl } = config.general;
  const { concurrency } = config.conductor;
  if (transportUrl === undefined) return new InProcessQueue({ clock, log, concurrency });
  return new RabbitQueue({ clock, log, url: transportUrl, tls: config.osloMessagingRabbit, prefetch: concurrency });
}

function openScheduler(config: Config, clock: Clock, log: Log): Scheduler {
  const { redisUrl } = config.scheduler;
  if (redisUrl === undefined) return new TimerScheduler({ clock, log });
  // Loaded only where it is used: it takes a tenth of a small process's start and memory.
  const { BullScheduler } = require('../common/scheduler/bull.js') as typeof import('../common/scheduler/bull.js');
  return new BullScheduler({ clock, log, url: redisUrl, concurrency: config.conductor.concurrency });
}

function measured(metrics: Metrics, clock: Clock, transport: Transport): Transport {
  return async (request) => {
    const startedAt = clock.now();
    const note = (status: number) =>
      metrics.cloudCallSeconds.observe(
        { service: request.service, method: request.method, status: String(status) },
        (clock.now() - startedAt) / 1000,
      );
    try {
      const response = await transport(request);
      note(response.status);
      return response;
    } catch (error) {
      note(0);
      throw error;
    }
  };
}

export function hostOf(config: Config): string {
  return config.general.host ?? hostname();
}
