import { errorText } from '../../common/errors.js';
import type { CallContext } from '../../openstack/session.js';
import { type CatalogService, type EndpointChoice, findEndpoint } from '../../openstack/token.js';
import type { ServiceType } from '../../openstack/transport.js';
import { CLIENT_SECTIONS, endpointChoices } from '../service-clients.js';
import { type Finding, fail, ok, type Patient, warn } from './check.js';

const NEEDED = ['image', 'compute', 'network', 'orchestration'];
const OURS = 'container-infra';

/** Each service that Bayou may use, at the address that it would use. Any answer below 500 is one. */
export async function checkCatalog(patient: Patient, ctx: CallContext): Promise<Finding[]> {
  const { catalog } = await patient.service.identity(ctx);
  const choices = Object.entries(endpointChoices(patient.loaded.config));
  const offered = choices.filter(([type]) => NEEDED.includes(type) || catalog.some((service) => service.type === type));
  const findings = await Promise.all(
    offered.map(([type, choice]) => checkService(patient, ctx, catalog, type, choice)),
  );
  return [...findings, checkOurs(patient, catalog)];
}

async function checkService(
  patient: Patient,
  ctx: CallContext,
  catalog: CatalogService[],
  type: string,
  choice: EndpointChoice,
): Promise<Finding> {
  const what = `service ${type}`;
  const place = `${choice.interface} interface, ${choice.region === undefined ? 'any region' : `region ${choice.region}`}`;
  // The catalog's types are text; only those of the table come here.
  const service = type as ServiceType;
  const url = findEndpoint(catalog, service, choice);
  if (url === undefined) {
    const found = `not in the catalog (${place}); there is ${otherPlaces(catalog, type)}`;
    const section = sectionName(type);
    const remedy = `set region_name and endpoint_type in [${section}] to what the catalog has, or have the service set up`;
    return NEEDED.includes(type) ? fail(what, found, remedy) : warn(what, found, remedy);
  }
  const remedy = `see that the service runs and that this machine reaches ${new URL(url).origin}`;
  try {
    const { status } = await patient.transport({
      service,
      method: 'GET',
      url,
      headers: {},
      timeoutMs: patient.callMs,
      signal: ctx.signal,
    });
    return status < 500 ? ok(what, `answers at ${url}`) : fail(what, `${url} answers ${status}`, remedy);
  } catch (error) {
    return fail(what, `${url}: ${errorText(error)}`, remedy);
  }
}

function checkOurs({ loaded: { config } }: Patient, catalog: CatalogService[]): Finding {
  const url = catalog
    .filter(({ type }) => type === OURS)
    .flatMap(({ endpoints }) => endpoints)
    .find((endpoint) => endpoint.interface === 'public')?.url;
  if (url !== undefined) return ok(`service ${OURS}`, `clients look for Bayou at ${url}`);
  const address = config.api.publicEndpoint ?? `http://<this machine>:${config.api.port}`;
  const remedy = `run "openstack service create ${OURS}" and "openstack endpoint create ${OURS} public ${address}/v1"`;
  return warn(`service ${OURS}`, 'not in the catalog, so that clients do not find Bayou', remedy);
}

function otherPlaces(catalog: CatalogService[], type: string): string {
  const endpoints = catalog.filter((service) => service.type === type).flatMap((service) => service.endpoints);
  const places = endpoints.map((endpoint) => `${endpoint.interface} in ${endpoint.region}`);
  return places.length === 0 ? 'none' : [...new Set(places)].join(', ');
}

function sectionName(type: string): string {
  const section = new Map<string, string>(Object.entries(CLIENT_SECTIONS)).get(type) ?? 'dockerRegistry';
  return section.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
