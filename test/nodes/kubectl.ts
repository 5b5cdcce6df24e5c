import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { clientCertificate } from '../cloud/booted/docker-engine.js';
import type { ApiClient } from '../support/api-fixture.js';

const execute = promisify(execFile);
const CALL_LIMIT_MS = 30_000;

/** The real kubectl with what `openstack coe cluster config` gives. */
export class Kubectl {
  readonly #program: string;
  readonly #options: string[];

  private constructor(program: string, options: string[]) {
    this.#program = program;
    this.#options = options;
  }

  /** @param folder where it keeps the certificate; @param program kubectl's path */
  static async of(client: ApiClient, clusterId: string, folder: string, program: string): Promise<Kubectl> {
    const { api_address: server } = (await client.get(`/v1/clusters/${clusterId}`)).body;
    const own = join(folder, `kubectl-${clusterId}`);
    mkdirSync(own);
    for (const [name, pem] of Object.entries(await clientCertificate(client, clusterId))) {
      writeFileSync(join(own, name), pem, { mode: 0o600 });
    }
    return new Kubectl(program, [
      `--server=${server}`,
      `--certificate-authority=${join(own, 'ca')}`,
      `--client-certificate=${join(own, 'cert')}`,
      `--client-key=${join(own, 'key')}`,
      '--request-timeout=10s',
      // Not from or into the home of whoever runs the test.
      `--cache-dir=${join(own, 'cache')}`,
      '--kubeconfig=/dev/null',
    ]);
  }

  /** @returns what it printed; what it said on standard error is in the failure */
  async run(...command: string[]): Promise<string> {
    const { stdout } = await execute(this.#program, [...this.#options, ...command], { timeout: CALL_LIMIT_MS });
    return stdout;
  }

  /** The same with this on its standard input. */
  async runWith(input: Buffer, ...command: string[]): Promise<string> {
    const running = execute(this.#program, [...this.#options, ...command], { timeout: CALL_LIMIT_MS });
    running.child.stdin?.end(input);
    return (await running).stdout;
  }

  async apply(manifest: string, folder: string): Promise<void> {
    const file = join(folder, 'manifest.yaml');
    writeFileSync(file, manifest);
    await this.run('apply', '--filename', file);
  }

  /** One line for each object: the values of these paths. */
  async list(kind: string, ...paths: string[]): Promise<string[][]> {
    const line = paths.map((path) => `{${path}}`).join('{"\\t"}');
    const text = await this.run('get', kind, '--output', `jsonpath={range .items[*]}${line}{"\\n"}{end}`);
    return text
      .split('\n')
      .filter((row) => row !== '')
      .map((row) => row.split('\t'));
  }

  /** Names of nodes that are Ready. */
  async readyNodes(): Promise<string[]> {
    const rows = await this.list('nodes', '.metadata.name', '.status.conditions[?(@.type=="Ready")].status');
    return rows.filter(([, ready]) => ready === 'True').map(([name = '']) => name);
  }
}
