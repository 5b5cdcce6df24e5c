import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { checkServerIdentity, connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import ipaddr from 'ipaddr.js';
import { errorText } from '../../common/errors.js';
import type { CallContext } from '../../openstack/session.js';
import { findEndpoint, withVersion } from '../../openstack/token.js';
import { endpointChoices } from '../service-clients.js';
import { type Finding, fail, ok, type Patient, warn } from './check.js';

const TIMEOUT_MS = 5000;
const LISTENER = 'node listener';
const KEYSTONE = 'Keystone for clients';
const REGISTRIES = 'addresses for registries';

/** What nodes are told must be an address that they can reach, and that its certificate names. */
export async function checkNodeListener(patient: Patient, ctx: CallContext): Promise<Finding[]> {
  const { host, port, publicUrl } = patient.loaded.config.nodeListener;
  const address = publicUrl ?? `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== 'https:') {
    return [fail(LISTENER, `${address} is no https URL`, 'write [node_listener] public_url as https://address:port')];
  }
  const name = bare(url.hostname);
  const unreachable = await whyUnreachable(patient, name);
  if (unreachable !== undefined) {
    const remedy = `set [node_listener] public_url to an address of this machine that servers of the cloud reach, and host so that it listens there`;
    return [fail(LISTENER, `nodes are told ${url.origin}, which ${unreachable}`, remedy)];
  }
  const findings = [await checkCertificate(url, ctx)];
  if (isLoopback(host) && !isLoopback(name)) {
    const remedy = 'set [node_listener] host to 0.0.0.0, unless something forwards to it';
    findings.push(warn(LISTENER, `it listens on ${host} only, while nodes are told ${name}`, remedy));
  }
  return findings;
}

/** Clients are sent to Keystone by the API's refusals. */
export async function checkPublicKeystone(patient: Patient, ctx: CallContext): Promise<Finding[]> {
  const { wwwAuthenticateUri } = patient.loaded.config.keystoneAuthtoken;
  const url = withVersion(wwwAuthenticateUri ?? patient.authUrl, 'identity');
  const { status } = await patient.transport({
    service: 'identity',
    method: 'GET',
    url,
    headers: {},
    timeoutMs: patient.callMs,
    signal: ctx.signal,
  });
  if (status !== 200) {
    const remedy = 'set [keystone_authtoken] www_authenticate_uri to the public address of Keystone v3';
    return [fail(KEYSTONE, `${url} answers ${status}`, remedy)];
  }
  const unreachable = await whyUnreachable(patient, bare(new URL(url).hostname));
  if (unreachable === undefined) return [ok(KEYSTONE, url)];
  const remedy = 'set [keystone_authtoken] www_authenticate_uri to an address that clients and nodes reach';
  return [warn(KEYSTONE, `${url} ${unreachable}`, remedy)];
}

/** Nodes call no OpenStack service but these two, and only where they keep a registry. */
export async function checkRegistries(patient: Patient, ctx: CallContext): Promise<Finding[]> {
  const { config } = patient.loaded;
  const { catalog } = await patient.service.identity(ctx);
  const place = { ...endpointChoices(config)['object-store'], interface: 'public' } as const;
  const swift = findEndpoint(catalog, 'object-store', place);
  if (swift === undefined) return [ok(REGISTRIES, 'no Swift for clients, so clusters have no registry')];
  const keystone = findEndpoint(catalog, 'identity', { interface: 'public' }) ?? patient.authUrl;
  return Promise.all(
    [keystone, swift].map(async (url) => {
      const unreachable = await whyUnreachable(patient, bare(new URL(url).hostname));
      if (unreachable === undefined) return ok(REGISTRIES, url);
      const remedy = 'give the catalog a public endpoint of it that servers of the cloud reach';
      return warn(REGISTRIES, `nodes with a registry are told ${url}, which ${unreachable}`, remedy);
    }),
  );
}

/** Of whatever listens there now. A proxy that ends TLS has another certificate, and no node would trust it. */
async function checkCertificate(url: URL, ctx: CallContext): Promise<Finding> {
  const name = bare(url.hostname);
  let certificate: PeerCertificate;
  try {
    certificate = await certificateAt(name, Number(url.port || 443), ctx);
  } catch (error) {
    return ok(LISTENER, `${url.origin}; nothing listens there now (${errorText(error)})`);
  }
  const mismatch = checkServerIdentity(name, certificate);
  if (mismatch === undefined) return ok(LISTENER, `${url.origin}, which its certificate names`);
  const remedy =
    'let nothing between nodes and the listener end TLS, and start Bayou again after a change of public_url';
  return fail(
    LISTENER,
    `what listens at ${url.origin} has a certificate of ${certificate.subject?.CN ?? 'nobody'}`,
    remedy,
  );
}

/** Not checked here against an authority: only its names are looked at. */
async function certificateAt(host: string, port: number, ctx: CallContext): Promise<PeerCertificate> {
  const socket: TLSSocket = connect({ host, port, rejectUnauthorized: false, timeout: TIMEOUT_MS });
  const end = () => socket.destroy(new Error('no answer in time'));
  socket.on('timeout', end);
  ctx.signal?.addEventListener('abort', end, { once: true });
  try {
    await once(socket, 'secureConnect');
    return socket.getPeerCertificate();
  } finally {
    ctx.signal?.removeEventListener('abort', end);
    socket.destroy();
  }
}

/** Undefined when other machines may reach it, and in the development cloud, all of which is this machine. */
async function whyUnreachable({ isDevelopmentCloud }: Patient, host: string): Promise<string | undefined> {
  if (isDevelopmentCloud) return undefined;
  if (ipaddr.isValid(host)) return isLoopback(host) ? 'is this machine only' : undefined;
  try {
    const { address } = await lookup(host);
    return isLoopback(address) ? `is ${address}, this machine only` : undefined;
  } catch {
    return 'is a name that nobody knows here';
  }
}

/** The unspecified address (0.0.0.0) leads back to who uses it, too. */
function isLoopback(host: string): boolean {
  if (!ipaddr.isValid(host)) return host === 'localhost';
  return ['loopback', 'unspecified'].includes(ipaddr.process(host).range());
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}
