export type EndpointInterface = 'public' | 'internal' | 'admin';

export interface CatalogService {
  type: string;
  endpoints: { interface: string; region: string; url: string }[];
}

export interface RoleRef {
  id: string;
  name: string;
}

/** What Keystone says about a token. */
export interface TokenInfo {
  userId: string;
  userName: string;
  userDomainId: string;
  projectId: string | undefined;
  projectName: string | undefined;
  projectDomainId: string | undefined;
  domainId: string | undefined;
  /** Scoped to the whole system. */
  system: boolean;
  roles: RoleRef[];
  issuedAt: number;
  expiresAt: number;
  methods: string[];
  /** Made with an application credential: it can make neither trusts nor Heat stacks. */
  applicationCredential: boolean;
  catalog: CatalogService[];
}

interface Named {
  id: string;
  name: string;
  domain?: { id: string };
}

interface TokenBody {
  token: {
    user: Named;
    project?: Named;
    domain?: Named;
    system?: { all?: boolean };
    roles?: RoleRef[];
    methods: string[];
    issued_at: string;
    expires_at: string;
    application_credential?: unknown;
    catalog?: { type: string; endpoints: { interface: string; region: string; url: string }[] }[];
  };
}

/** Reads the answer of `POST` or `GET /v3/auth/tokens`. */
export function readToken(body: unknown): TokenInfo {
  const { token } = body as TokenBody;
  return {
    userId: token.user.id,
    userName: token.user.name,
    userDomainId: token.user.domain?.id ?? '',
    projectId: token.project?.id,
    projectName: token.project?.name,
    projectDomainId: token.project?.domain?.id,
    domainId: token.domain?.id,
    system: token.system?.all === true,
    roles: (token.roles ?? []).map(({ id, name }) => ({ id, name })),
    issuedAt: Date.parse(token.issued_at),
    expiresAt: Date.parse(token.expires_at),
    methods: token.methods,
    applicationCredential:
      token.application_credential !== undefined || token.methods.includes('application_credential'),
    // A service whose endpoints are all disabled stays in Keystone's catalog, without any: it is not there.
    catalog: (token.catalog ?? [])
      .filter(({ endpoints }) => endpoints.length > 0)
      .map(({ type, endpoints }) => ({ type, endpoints })),
  };
}

/** Catalogs name some services without their API's version; paths in this code do not carry it. */
const VERSION_PATH: Partial<Record<string, string>> = {
  identity: '/v3',
  image: '/v2',
  network: '/v2.0',
  'load-balancer': '/v2.0',
};

/** What a service is called where its own type is not in the catalog (service-types-authority, "aliases"). */
const OLDER_TYPE: Partial<Record<string, string>> = { 'block-storage': 'volumev3' };

/** By their type in the catalog: services that Bayou can do without. */
export type OptionalService = 'block-storage' | 'load-balancer' | 'object-store';

export interface EndpointChoice {
  region?: string | undefined;
  interface: EndpointInterface;
}

/** The URL under which a service is reached, without a slash at its end, or undefined when the catalog has none. */
export function findEndpoint(catalog: CatalogService[], type: string, choice: EndpointChoice): string | undefined {
  const types = [type, OLDER_TYPE[type]];
  const endpoints = types.flatMap((wanted) =>
    catalog.filter((service) => service.type === wanted).flatMap((service) => service.endpoints),
  );
  const endpoint = endpoints.find(
    (candidate) =>
      candidate.interface === choice.interface && (choice.region === undefined || candidate.region === choice.region),
  );
  return endpoint === undefined ? undefined : withVersion(endpoint.url, type);
}

export function withVersion(url: string, type: string): string {
  const trimmed = url.replace(/\/+$/, '');
  const version = VERSION_PATH[type];
  return version === undefined || trimmed.endsWith(version) ? trimmed : trimmed + version;
}
