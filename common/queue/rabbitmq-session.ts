import type { Channel, ChannelModel, ConfirmChannel, ConsumeMessage } from 'amqplib';
import { errorText } from '../errors.js';
import type { Log } from '../log.js';

/**
 * All that lives on one connection to RabbitMQ: channels, topology, consumer. When any part of it fails
 * alone, the whole connection is given up, so that recovery makes everything anew.
 */
export interface RabbitSession {
  /** What to call with the broker's answer, by message id. Calling it twice does no harm. */
  readonly unconfirmed: Map<string, (error?: unknown) => void>;
  /** Sends; the answer goes to the entry of `unconfirmed`. Never throws. */
  send(messageId: string, content: Buffer): void;
  subscribe(): Promise<void>;
  /** Nothing is delivered any more once this resolves. */
  unsubscribe(): Promise<void>;
}

export interface Delivery {
  readonly content: Buffer;
  acknowledge(): void;
  /** To be delivered again, which the broker counts and ends after `MAX_DELIVERIES`. */
  giveBack(): void;
  /** To the dead letters. */
  refuse(): void;
}

export interface SessionOptions {
  queueName: string;
  prefetch: number;
  log: Log;
  onDelivery: (delivery: Delivery) => void;
  onEnd: () => void;
}

/** Then a message goes to the dead letters. RabbitMQ's delivery limit counts the repetitions. */
const MAX_DELIVERIES = 5;
const MAX_QUEUED = 100_000;
const MAX_DEAD_LETTERS = 10_000;

export async function openSession(model: ChannelModel, options: SessionOptions): Promise<RabbitSession> {
  // Recovery listens only after the setup, and an 'error' without a listener ends the process.
  model.on('error', (error) => options.log.warn({ error: errorText(error) }, 'The message broker reported an error'));
  const publisher = await model.createConfirmChannel();
  const consumer = await model.createChannel();
  const session = new Session(model, publisher, consumer, options);
  await declareQueues(consumer, options.queueName);
  await consumer.prefetch(options.prefetch);
  return session;
}

async function declareQueues(channel: Channel, name: string): Promise<void> {
  const deadLetters = `${name}.dead`;
  await channel.assertQueue(deadLetters, {
    durable: true,
    maxLength: MAX_DEAD_LETTERS,
    arguments: { 'x-queue-type': 'quorum' },
  });
  await channel.assertQueue(name, {
    durable: true,
    maxLength: MAX_QUEUED,
    overflow: 'reject-publish',
    deadLetterExchange: '',
    deadLetterRoutingKey: deadLetters,
    arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': MAX_DELIVERIES - 1 },
  });
}

class Session implements RabbitSession {
  readonly unconfirmed = new Map<string, (error?: unknown) => void>();
  readonly #model: ChannelModel;
  readonly #publisher: ConfirmChannel;
  readonly #consumer: Channel;
  readonly #options: SessionOptions;
  #subscription: Promise<string> | undefined;
  #ended = false;

  constructor(model: ChannelModel, publisher: ConfirmChannel, consumer: Channel, options: SessionOptions) {
    this.#model = model;
    this.#publisher = publisher;
    this.#consumer = consumer;
    this.#options = options;
    for (const channel of [publisher, consumer]) {
      channel.on('error', (error) => options.log.warn({ error: errorText(error) }, 'A channel failed'));
      channel.on('close', () => this.#giveUp('A channel was closed'));
    }
    model.on('close', () => this.#end('The connection was closed'));
    publisher.on('return', (message) => {
      this.unconfirmed.get(String(message.properties.messageId))?.(new Error('The queue does not exist'));
      this.#giveUp('The queue does not exist');
    });
  }

  send(messageId: string, content: Buffer): void {
    const settle = (error?: unknown) => this.unconfirmed.get(messageId)?.(error ?? undefined);
    try {
      this.#publisher.publish(
        '',
        this.#options.queueName,
        content,
        { persistent: true, mandatory: true, contentType: 'application/json', messageId },
        settle,
      );
    } catch (error) {
      settle(error);
    }
  }

  async subscribe(): Promise<void> {
    this.#subscription ??= this.#consumer
      .consume(this.#options.queueName, (message) => this.#take(message))
      .then(({ consumerTag }) => consumerTag);
    await this.#subscription;
  }

  async unsubscribe(): Promise<void> {
    if (this.#subscription !== undefined) await this.#consumer.cancel(await this.#subscription);
  }

  /** amqplib hands over `null` when the broker ends the subscription, as when the queue is deleted. */
  #take(message: ConsumeMessage | null): void {
    if (message === null) {
      this.#giveUp('The broker ended the subscription');
      return;
    }
    this.#options.onDelivery({
      content: message.content,
      acknowledge: () => this.#answer(() => this.#consumer.ack(message)),
      giveBack: () => this.#answer(() => this.#consumer.nack(message, false, true)),
      refuse: () => this.#answer(() => this.#consumer.nack(message, false, false)),
    });
  }

  /** A channel that has gone throws; the message is with the broker again and comes back by itself. */
  #answer(send: () => void): void {
    try {
      send();
    } catch (error) {
      this.#options.log.debug({ error: errorText(error) }, 'An acknowledgement came too late');
    }
  }

  #giveUp(reason: string): void {
    if (this.#ended) return;
    this.#end(reason);
    this.#model.close().catch((error: unknown) => {
      this.#options.log.debug({ error: errorText(error) }, 'The connection was closed already');
    });
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.onEnd();
    for (const settle of [...this.unconfirmed.values()]) settle(new Error(reason));
  }
}
