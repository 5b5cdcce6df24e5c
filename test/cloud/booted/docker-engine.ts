import { Agent } from 'node:https';
import axios, { type AxiosInstance } from 'axios';
import { createRequest } from '../../../common/x509.js';
import type { ApiClient } from '../../support/api-fixture.js';
import { idleImage } from './idle-image.js';

const CALL_TIMEOUT_MS = 60_000;
const IMAGE = 'localhost:5000/idle';

export interface RunningTask {
  id: string;
  node: string;
}

/** A cluster's Docker Remote API, as one who has the certificates of `openstack coe cluster config` uses it. */
export class DockerEngine {
  readonly #http: AxiosInstance;

  constructor(apiAddress: string, tls: { ca: string; cert?: string; key?: string }) {
    // Each call finds a manager that is there: a connection kept alive may end at one that is not.
    const httpsAgent = new Agent({ ...tls, keepAlive: false });
    const baseURL = apiAddress.replace(/^tcp:/, 'https:');
    this.#http = axios.create({ baseURL, httpsAgent, timeout: CALL_TIMEOUT_MS, proxy: false });
  }

  /** Names of the Swarm's nodes by what it calls them. */
  async nodes(): Promise<Record<string, { name: string; isLeader: boolean }>> {
    const { data } = await this.#http.get('/nodes');
    return Object.fromEntries(
      data.map((node: { ID: string; Description: { Hostname: string }; ManagerStatus?: { Leader?: boolean } }) => [
        node.ID,
        { name: node.Description.Hostname, isLeader: node.ManagerStatus?.Leader === true },
      ]),
    );
  }

  /** Puts an image that runs for ever into the cluster's registry, from where every node has it. */
  async pushIdleImage(): Promise<void> {
    const query = { fromSrc: '-', repo: IMAGE, tag: '1', changes: 'CMD ["/idle"]' };
    const headers = { 'Content-Type': 'application/x-tar' };
    succeeded(await this.#http.post('/images/create', idleImage(), { params: query, headers }));
    const login = { 'X-Registry-Auth': Buffer.from('{}').toString('base64') };
    succeeded(await this.#http.post(`/images/${IMAGE}/push`, undefined, { params: { tag: '1' }, headers: login }));
  }

  async runIdle(service: string, replicas: number): Promise<void> {
    await this.#http.post('/services/create', {
      Name: service,
      TaskTemplate: { ContainerSpec: { Image: `${IMAGE}:1`, StopGracePeriod: 1_000_000_000 } },
      Mode: { Replicated: { Replicas: replicas } },
      EndpointSpec: { Mode: 'dnsrr' },
    });
  }

  /** Tasks that run and are to run, with the names of their nodes. */
  async runningTasks(service: string): Promise<RunningTask[]> {
    const filters = JSON.stringify({ service: [service], 'desired-state': ['running'] });
    const nodes = await this.nodes();
    const { data } = await this.#http.get('/tasks', { params: { filters } });
    return data
      .filter((task: { Status: { State: string } }) => task.Status.State === 'running')
      .map((task: { ID: string; NodeID: string }) => ({ id: task.ID, node: nodes[task.NodeID]?.name ?? '?' }));
  }
}

/** What `openstack coe cluster config` does: a key, a signing request, and the cluster's CA. */
export async function clientCertificate(client: ApiClient, uuid: string) {
  const request = await createRequest({ commonName: 'admin', organization: 'system:masters' });
  const signed = await client.post('/v1/certificates', { cluster_uuid: uuid, csr: request.csrPem });
  const ca = await client.get(`/v1/certificates/${uuid}`);
  return { ca: String(ca.body.pem), cert: String(signed.body.pem), key: request.privateKeyPem };
}

/** Docker answers 200 before it begins; what goes wrong stands in the stream of JSON lines. */
function succeeded({ data }: { data: unknown }): void {
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  if (text.includes('"error"')) throw new Error(`Docker: ${text.slice(-500)}`);
}
