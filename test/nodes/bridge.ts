import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { silentLog } from '../../common/log.js';
import type { NodeTools } from './node-tools.js';
import { RealNodes } from './real-nodes.js';

const BRIDGE = 'nodes0';
/** This machine as nodes see it; the gateway of the development cloud's subnet, so no node gets it. */
export const GATEWAY = '10.77.0.1';
export const SUBNET_CIDR = '10.77.0.0/24';

/** A kubelet sets these for the whole machine. */
const SYSCTLS = ['vm/overcommit_memory', 'kernel/panic', 'kernel/panic_on_oops'];

interface Holder {
  pid: number;
  sysctls: Record<string, string>;
}

/**
 * The network that nodes boot on, for one test at a time. Takes away first what a test left that was killed.
 * @returns what takes it down again
 * @throws Error when somebody uses it
 */
export async function openBridge(tools: NodeTools): Promise<() => void> {
  const holderFile = holderFileOf(tools);
  const before = readHolder(holderFile);
  if (before !== undefined && isAlive(before.pid)) throw new Error(`Process ${before.pid} uses ${BRIDGE}`);
  if (before !== undefined) {
    await new RealNodes({ tools, log: silentLog }).stopLeftBehind();
    takeDown(before, tools);
  }
  removeBridge(tools);
  ip('link', 'add', BRIDGE, 'type', 'bridge');
  const holder: Holder = { pid: process.pid, sysctls: readSysctls() };
  writeFileSync(holderFile, JSON.stringify(holder));
  ip('addr', 'add', `${GATEWAY}/24`, 'dev', BRIDGE);
  ip('link', 'set', BRIDGE, 'up');
  return () => takeDown(holder, tools);
}

function takeDown({ sysctls }: Holder, tools: NodeTools): void {
  const now = readSysctls();
  for (const [name, value] of Object.entries(sysctls)) {
    if (now[name] !== value) writeFileSync(join('/proc/sys', name), value);
  }
  removeBridge(tools);
  rmSync(holderFileOf(tools), { force: true });
}

/**
 * Interfaces of nodes that are gone go with it: elsewhere on the machine a process may still see their namespaces.
 * @throws Error when somebody else's nodes are on it
 */
function removeBridge(tools: NodeTools): void {
  const interfaces = join('/sys/class/net', BRIDGE, 'brif');
  if (!existsSync(interfaces)) return;
  const others = readdirSync(interfaces);
  const nodes = join(tools.stateFolder, 'node');
  if (others.length > 0 && existsSync(nodes) && readdirSync(nodes).length > 0) {
    throw new Error(`On ${BRIDGE} there is still ${others.join(', ')}`);
  }
  for (const name of others) ip('link', 'delete', name);
  ip('link', 'delete', BRIDGE);
}

function readSysctls(): Record<string, string> {
  return Object.fromEntries(SYSCTLS.map((name) => [name, readFileSync(join('/proc/sys', name), 'utf8').trim()]));
}

function readHolder(file: string): Holder | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Holder) : undefined;
}

function isAlive(pid: number): boolean {
  return existsSync(join('/proc', String(pid)));
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 10_000 });
}

function holderFileOf({ stateFolder }: NodeTools): string {
  return join(stateFolder, 'holder.json');
}
