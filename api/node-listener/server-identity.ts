import type { Clock } from '../../common/clock.js';
import { type Authority, createRequest, signRequest, validFor } from '../../common/x509.js';
import type { NodeListenerConfig } from './context.js';

/** Key and certificate of the node listener itself; lives as long as the process. */
export interface ServerIdentity {
  key: string;
  cert: string;
  /** Epoch milliseconds. */
  renewAt: number;
}

const LIFETIME_DAYS = 30;

export async function newServerIdentity(
  clock: Clock,
  authority: Authority,
  config: NodeListenerConfig,
): Promise<ServerIdentity> {
  const now = clock.now();
  const subject = { commonName: 'bayou node listener' };
  const { csrPem, privateKeyPem } = await createRequest(subject);
  const names = serverNames(config);
  const signed = await signRequest({
    csrPem,
    authority,
    subject,
    names,
    usages: ['server'],
    ...validFor(LIFETIME_DAYS, now),
  });
  return { key: privateKeyPem, cert: signed.pem, renewAt: now + ((signed.notAfter - now) * 2) / 3 };
}

/** Every name under which a node may know the listener. */
function serverNames({ host, publicUrl }: NodeListenerConfig): string[] {
  const everyAddress = host === '0.0.0.0' || host === '::';
  const names = ['localhost', '127.0.0.1', ...(everyAddress ? [] : [host])];
  if (publicUrl !== undefined) names.push(new URL(publicUrl).hostname.replace(/^\[|\]$/g, ''));
  return [...new Set(names)];
}
