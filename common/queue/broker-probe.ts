import { connect } from 'amqplib';
import { errorText } from '../errors.js';
import { type BrokerTls, tlsSockets } from './broker-tls.js';
import { parseTransportUrl } from './transport-url.js';

export interface BrokerProbe {
  server: string;
  /** Such as `RabbitMQ 3.10.8`; undefined when it can't be used. */
  product?: string;
  problem?: string;
}

/** Connects to every server of the URL, once, and leaves nothing there. */
export async function probeBrokers(url: string, tls: BrokerTls, timeoutMs: number): Promise<BrokerProbe[]> {
  return Promise.all(
    parseTransportUrl(url, tls.ssl).map(async (address) => {
      const server = `${address.hostname}:${address.port}`;
      try {
        const connection = await connect(address, { timeout: timeoutMs, ...tlsSockets(tls) });
        const { product, version } = connection.connection.serverProperties;
        // The server's own words of its end come as an event, after which there is nothing more to do.
        connection.on('error', () => {});
        await connection.close();
        return { server, product: `${product} ${version}` };
      } catch (error) {
        return { server, problem: errorText(error) };
      }
    }),
  );
}
