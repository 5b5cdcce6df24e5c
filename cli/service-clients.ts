import type { Config } from '../common/config/schema.js';
import { type CatalogService, type EndpointChoice, findEndpoint, type OptionalService } from '../openstack/token.js';
import type { TlsFiles, TransportOptions } from '../openstack/transport.js';

/** Magnum's sections of client settings, by the type of the service in the catalog. */
export const CLIENT_SECTIONS = {
  image: 'glanceClient',
  compute: 'novaClient',
  network: 'neutronClient',
  orchestration: 'heatClient',
  volumev3: 'cinderClient',
  'block-storage': 'cinderClient',
  'key-manager': 'barbicanClient',
  'load-balancer': 'octaviaClient',
} as const satisfies Record<string, keyof Config>;

/** Where each service is reached: its own section's word, else [keystone_authtoken]'s. */
export function endpointChoices(config: Config): Record<string, EndpointChoice> {
  const { regionName, interface: kind } = config.keystoneAuthtoken;
  const choices = bySection((name) => ({
    region: config[name].regionName ?? regionName,
    interface: config[name].endpointType ?? kind,
  }));
  return { ...choices, 'object-store': { region: config.dockerRegistry.swiftRegion ?? regionName, interface: kind } };
}

/** Whether a catalog has one of the services that Bayou can do without, where it and the nodes look for it. */
export function catalogOffers(config: Config) {
  const choices = endpointChoices(config);
  return (catalog: CatalogService[], type: OptionalService): boolean => {
    const choice = choices[type];
    if (choice === undefined || findEndpoint(catalog, type, choice) === undefined) return false;
    // Registries on nodes reach Swift by its public endpoint.
    return type !== 'object-store' || findEndpoint(catalog, type, { ...choice, interface: 'public' }) !== undefined;
  };
}

export function transportOptions(config: Config): TransportOptions {
  const { cafile, certfile, keyfile, insecure } = config.keystoneAuthtoken;
  const services = bySection<TlsFiles>((name) => ({
    cafile: config[name].caFile ?? cafile,
    certfile: config[name].certFile ?? certfile,
    keyfile: config[name].keyFile ?? keyfile,
    insecure: config[name].insecure || insecure,
  }));
  return { cafile, certfile, keyfile, insecure, services };
}

function bySection<T>(of: (section: (typeof CLIENT_SECTIONS)[keyof typeof CLIENT_SECTIONS]) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(CLIENT_SECTIONS).map(([type, section]) => [type, of(section)]));
}
