import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

export const execute = promisify(execFile);

/** Long for a boot on two busy cores; a script that hangs must not hold up the end of a test. */
const SCRIPT_LIMIT_MS = 90_000;
const OUTPUT_LIMIT_BYTES = 16_777_216;

export interface NodeTools {
  /** Folder with `start-node`, `stop-node`, `in-node`. */
  scripts: string;
  /** Their state: the nodes' image, and a folder for each node that runs. */
  stateFolder: string;
}

export type NodeImage = 'debian' | 'ubuntu';

/** @throws Error that says what is missing. */
export function findNodeTools(environment: NodeJS.ProcessEnv, image: NodeImage = 'debian'): NodeTools {
  const scripts = resolve(environment.BAYOU_NODES_TOOLS ?? join(__dirname, '../../../shared/nodes'));
  if (!existsSync(join(scripts, 'start-node'))) {
    throw new Error(`There is no start-node in ${scripts}: set BAYOU_NODES_TOOLS`);
  }
  const ofAll = resolve(environment.NODES_STATE ?? '.nodes');
  const stateFolder = image === 'ubuntu' ? join(ofAll, 'ubuntu') : ofAll;
  if (!existsSync(join(stateFolder, 'image', 'rootfs', 'sbin'))) {
    throw new Error(`There is no node image in ${stateFolder}: run .ci/prepare-nodes, or set NODES_STATE`);
  }
  return { scripts, stateFolder };
}

/** Runs one of the scripts to its end. @returns what it printed */
export async function runScript(
  tools: NodeTools,
  script: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<string> {
  // A session of its own: ctrl-C is for the test, which then stops the nodes one by one.
  const command = ['--wait', join(tools.scripts, script), ...args];
  const env = { PATH: process.env.PATH, NODES_STATE: tools.stateFolder, ...environment };
  const limits = { timeout: SCRIPT_LIMIT_MS, maxBuffer: OUTPUT_LIMIT_BYTES };
  const { stdout } = await execute('setsid', command, { env, ...limits });
  return stdout;
}
