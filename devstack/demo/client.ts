import axios, { type AxiosInstance } from 'axios';

/** The demo's user: a plain member of a project who knows Keystone's address and nothing else. */
export interface DemoUser {
  authUrl: string;
  username: string;
  password: string;
  projectName: string;
}

const TIMEOUT_MS = 15_000;
const CONTAINER_INFRA = 'container-infra';

interface TokenBody {
  token: { catalog: { type: string; endpoints: { interface: string; url: string }[] }[] };
}

/** Logs in and finds the container service in the catalog, as any OpenStack client does. */
export async function logIn(user: DemoUser): Promise<AxiosInstance> {
  const domain = { name: 'Default' };
  const { data, headers } = await axios.post<TokenBody>(
    `${user.authUrl}/v3/auth/tokens`,
    {
      auth: {
        identity: {
          methods: ['password'],
          password: { user: { name: user.username, password: user.password, domain } },
        },
        scope: { project: { name: user.projectName, domain } },
      },
    },
    { timeout: TIMEOUT_MS, proxy: false },
  );
  const endpoints = data.token.catalog.find(({ type }) => type === CONTAINER_INFRA)?.endpoints ?? [];
  const url = endpoints.find((endpoint) => endpoint.interface === 'public')?.url;
  if (url === undefined) throw new Error(`The service catalog has no ${CONTAINER_INFRA} endpoint`);
  const token = String(headers['x-subject-token']);
  return axios.create({
    baseURL: url,
    timeout: TIMEOUT_MS,
    proxy: false,
    headers: { 'X-Auth-Token': token, 'OpenStack-API-Version': `${CONTAINER_INFRA} latest` },
  });
}

export interface ClusterView {
  uuid: string;
  name: string;
  status: string;
  status_reason: string | null;
  health_status: string | null;
  api_address: string | null;
  master_count: number;
  node_count: number;
  coe_version: string | null;
}

export interface NodeViewBody {
  name: string;
  role: string;
  ready: boolean;
  addresses: { private?: string; public?: string };
  server_id: string | null;
  steps: { name: string; status: string }[];
}

export interface OperationView {
  kind: string;
  status: string;
  phase: string | null;
}

/** The services' own words for what went wrong, where there are some. */
export function failureText(error: unknown): string {
  if (axios.isAxiosError(error)) {
    const detail = (error.response?.data as { errors?: { detail?: string }[] } | undefined)?.errors?.[0]?.detail;
    return detail ?? `${error.config?.method?.toUpperCase()} ${error.config?.url}: ${error.message}`;
  }
  return error instanceof Error ? error.message : String(error);
}
