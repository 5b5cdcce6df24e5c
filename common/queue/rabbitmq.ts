import { type ChannelModel, connect, type RecoveringChannelModel } from 'amqplib';
import type { Clock } from '../clock.js';
import { Drain, endsWithin } from '../drain.js';
import { errorText, ServiceError } from '../errors.js';
import type { Log } from '../log.js';
import { type BrokerTls, tlsSockets } from './broker-tls.js';
import { decodeMessage, encodeMessage } from './message.js';
import type { MessageHandler, OperationMessage, Queue } from './queue.js';
import { type Delivery, openSession, type RabbitSession } from './rabbitmq-session.js';
import { type BrokerAddress, parseTransportUrl } from './transport-url.js';

export interface RabbitQueueDeps {
  /** See `parseTransportUrl`; several servers are tried in turn. */
  url: string;
  tls?: BrokerTls;
  clock: Clock;
  log: Log;
  queueName?: string;
  /** Messages taken and not yet acknowledged, which is handlers at the same time. */
  prefetch?: number;
  publishTimeoutMs?: number;
  /** Messages sent and not yet confirmed; beyond it `publish` rejects. */
  maxUnconfirmed?: number;
  /** How long `stop` waits for handlers under way. */
  stopTimeoutMs?: number;
}

const CONNECT_TIMEOUT_MS = 5000;
const CLOSE_TIMEOUT_MS = 2000;
/** Two missed ones end a connection that is only half there. */
const HEARTBEAT_SECONDS = 5;

/**
 * RabbitMQ with amqplib's recovery. All that belongs to a connection is made anew by `openSession` after
 * every reconnect; between two sessions `publish` rejects at once.
 */
export class RabbitQueue implements Queue {
  readonly #deps: Required<RabbitQueueDeps>;
  readonly #addresses: BrokerAddress[];
  readonly #drain = new Drain();
  #connection: RecoveringChannelModel | undefined;
  #session: RabbitSession | undefined;
  #handler: MessageHandler | undefined;
  #blocked = false;
  #sent = 0;

  constructor(deps: RabbitQueueDeps) {
    this.#deps = {
      queueName: 'bayou.operations',
      prefetch: 20,
      publishTimeoutMs: 3000,
      maxUnconfirmed: 1000,
      stopTimeoutMs: 20_000,
      tls: {},
      ...deps,
    };
    this.#addresses = parseTransportUrl(deps.url, deps.tls?.ssl);
  }

  async start(): Promise<void> {
    const { log, clock } = this.#deps;
    // amqplib reads this object again at every attempt, so changing it is how the next server gets its turn.
    const target = { ...this.#addresses[0], heartbeat: HEARTBEAT_SECONDS };
    let attempts = 0;
    const useNextServer = () => {
      attempts += 1;
      Object.assign(target, this.#addresses[attempts % this.#addresses.length]);
    };
    const connection = await connect(target, {
      timeout: CONNECT_TIMEOUT_MS,
      noDelay: true,
      ...tlsSockets(this.#deps.tls),
      recovery: {
        initialDelay: 200,
        maxDelay: 5000,
        waitForConnect: false,
        setup: (model: ChannelModel) => this.#setup(model),
      },
    });
    this.#connection = connection;
    // None of these may throw: amqplib would take it for a failed connection and begin again without end.
    connection.on('connect', () => log.info({ host: target.hostname }, 'Connected to the message broker'));
    connection.on('connect-failed', (error) => {
      log.warn({ host: target.hostname, error: errorText(error) }, 'The message broker cannot be reached');
      useNextServer();
    });
    connection.on('disconnect', (error) => {
      log.warn({ host: target.hostname, error: errorText(error) }, 'The connection to the message broker was lost');
      this.#blocked = false;
      useNextServer();
    });
    connection.on('error', (error) => log.warn({ error: errorText(error) }, 'The message broker reported an error'));
    connection.on('blocked', (reason) => {
      this.#blocked = true;
      log.warn({ reason }, 'The message broker takes no messages at present');
    });
    connection.on('unblocked', () => {
      this.#blocked = false;
    });
    const firstAttempt = new Promise<void>((resolve) => {
      connection.once('connect', () => resolve());
      connection.once('connect-failed', () => resolve());
    });
    await endsWithin(clock, CONNECT_TIMEOUT_MS, firstAttempt);
  }

  publish(message: OperationMessage): Promise<void> {
    const session = this.#session;
    if (session === undefined) return unavailable('There is no connection to the message broker');
    if (this.#blocked) return unavailable('The message broker takes no messages at present');
    if (session.unconfirmed.size >= this.#deps.maxUnconfirmed) return unavailable('Too many messages are unconfirmed');
    this.#sent += 1;
    const messageId = String(this.#sent);
    return new Promise((resolve, reject) => {
      const cancel = this.#deps.clock.after(this.#deps.publishTimeoutMs, () =>
        settle(new Error('No confirmation in time')),
      );
      const settle = (error?: unknown) => {
        if (!session.unconfirmed.delete(messageId)) return;
        cancel();
        if (error === undefined) resolve();
        else reject(new ServiceError('unavailable', 'The message broker did not take a message', { cause: error }));
      };
      session.unconfirmed.set(messageId, settle);
      session.send(messageId, encodeMessage(message));
    });
  }

  async consume(handler: MessageHandler): Promise<void> {
    this.#handler = handler;
    try {
      await this.#session?.subscribe();
    } catch (error) {
      // The session is ending; the next one subscribes by itself.
      this.#deps.log.warn({ error: errorText(error) }, 'Subscribing has to wait for a new connection');
    }
  }

  isConnected(): boolean {
    return this.#session !== undefined;
  }

  async stop(): Promise<void> {
    const { clock, log, stopTimeoutMs } = this.#deps;
    if (this.#session) await endsWithin(clock, CLOSE_TIMEOUT_MS, this.#session.unsubscribe());
    if (!(await this.#drain.wait(clock, stopTimeoutMs))) {
      log.warn({ handlers: this.#drain.size }, 'Job handlers did not end before the stop');
    }
    if (this.#connection) await endsWithin(clock, CLOSE_TIMEOUT_MS, this.#connection.close());
    this.#connection = undefined;
    this.#session = undefined;
  }

  async #setup(model: ChannelModel): Promise<void> {
    const session = await openSession(model, {
      queueName: this.#deps.queueName,
      prefetch: this.#deps.prefetch,
      log: this.#deps.log,
      onDelivery: (delivery) => void this.#drain.run(() => this.#handle(delivery)),
      onEnd: () => {
        if (this.#session === session) this.#session = undefined;
      },
    });
    this.#session = session;
    if (this.#handler) await session.subscribe();
  }

  async #handle(delivery: Delivery): Promise<void> {
    const { log } = this.#deps;
    const message = decodeMessage(delivery.content);
    if (message === undefined || this.#handler === undefined) {
      log.error({ bytes: delivery.content.length }, 'A message that cannot be understood goes to the dead letters');
      delivery.refuse();
      return;
    }
    try {
      await this.#handler(message);
    } catch (error) {
      log.warn({ operationId: message.operationId, error: errorText(error) }, 'A job failed and goes back');
      delivery.giveBack();
      return;
    }
    delivery.acknowledge();
  }
}

function unavailable(message: string): Promise<never> {
  return Promise.reject(new ServiceError('unavailable', message));
}
