import { isTrue } from '../labels.js';

/** What users reach on masters, by HAProxy with mutual TLS. */
export interface PublishedService {
  name: string;
  /** Of the program, on the master's own address, in plain HTTP. */
  port: number;
  /** Of HAProxy. */
  publicPort: number;
}

/** Its public one is Marathon's own for HTTPS. */
export const MARATHON: PublishedService = { name: 'marathon', port: 8080, publicPort: 8443 };
const MESOS: PublishedService = { name: 'mesos', port: 5050, publicPort: 5443 };
const CHRONOS: PublishedService = { name: 'chronos', port: 4400, publicPort: 4443 };

export function publishedServices(labels: Readonly<Record<string, string>>): PublishedService[] {
  return [MARATHON, MESOS, ...(hasChronos(labels) ? [CHRONOS] : [])];
}

export function hasChronos(labels: Readonly<Record<string, string>>): boolean {
  return isTrue(labels.chronos_enabled);
}
