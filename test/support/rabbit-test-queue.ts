import { connect } from 'amqplib';
import { systemClock } from '../../common/clock.js';
import { silentLog } from '../../common/log.js';
import { RabbitQueue, type RabbitQueueDeps } from '../../common/queue/rabbitmq.js';
import { testServerUrl } from './test-server.js';

let made = 0;

/** A queue of its own on the test broker: the product's client, and a second, plain one to look behind it. */
export async function rabbitTestQueue(options: Partial<RabbitQueueDeps> = {}) {
  made += 1;
  const queueName = `bayou.test.${process.pid}.${made}`;
  const url = testServerUrl('rabbitmq');
  const queue = new RabbitQueue({ url, clock: systemClock, log: silentLog, queueName, ...options });
  const connection = await connect(url);
  connection.on('error', () => {});
  const channel = await connection.createChannel();
  channel.on('error', () => {});
  return {
    queue,
    queueName,
    channel,
    /** Takes the dead letters off their queue. */
    async deadLetters(): Promise<string[]> {
      const contents: string[] = [];
      for (;;) {
        const message = await channel.get(`${queueName}.dead`, { noAck: true });
        if (message === false) return contents;
        contents.push(message.content.toString());
      }
    },
    async close(): Promise<void> {
      await queue.stop();
      await channel.deleteQueue(queueName);
      await channel.deleteQueue(`${queueName}.dead`);
      await connection.close();
    },
  };
}
