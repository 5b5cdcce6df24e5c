import { readFileSync } from 'node:fs';

/** TLS to RabbitMQ as `[oslo_messaging_rabbit]` has it. */
export interface BrokerTls {
  /** Also without `?ssl=1` in the URL. */
  ssl?: boolean | undefined;
  /** Files, PEM. */
  sslCaFile?: string | undefined;
  sslCertFile?: string | undefined;
  sslKeyFile?: string | undefined;
}

/** What node:tls is given; of no effect on plain connections. */
export function tlsSockets({ sslCaFile, sslCertFile, sslKeyFile }: BrokerTls): { [option: string]: Buffer } {
  return {
    ...(sslCaFile === undefined ? {} : { ca: readFileSync(sslCaFile) }),
    ...(sslCertFile === undefined ? {} : { cert: readFileSync(sslCertFile) }),
    ...(sslKeyFile === undefined ? {} : { key: readFileSync(sslKeyFile) }),
  };
}
