import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readTarget } from './cloud/target.js';
import { findPrograms } from './servers/programs.js';
import { type RunningServers, startServers } from './servers/servers.js';

/**
 * `npm test`: servers, lint, types, shellcheck, build, jest; all of it runs even when one part fails. The last line
 * is `N passed, N failed`, in which each of the first counts as one.
 * Options: `--crash` (only the long crash suite), `--cloud` (only what needs a real cloud, named by `OS_*`), `--nodes`
 * (only what needs real nodes, see test/nodes), `--fuzz` (only the many hostile requests), `--keep` (leaves the servers running), a jest pattern (only the tests that
 * fit it).
 */
interface Tally {
  passed: number;
  failed: number;
}

const ROOT = resolve(__dirname, '..');
const OWN_OPTIONS = ['--crash', '--cloud', '--nodes', '--fuzz', '--keep'];
/** The full crash suite is the longest. */
const STEP_TIMEOUT_MS = 60 * 60_000;
/** Tests with a table of faults, of which the short form takes some. */
const FAULT_TABLES = ['account-kinds', 'diagnostics-crash', 'rotate-ca', 'rotate-credentials', 'upgrade-crash'];
/** One after another: they share the cloud, or the machine. */
const aloneIn = (folder: string) => [
  '--runInBand',
  `--testMatch=<rootDir>/test/${folder}/**/*.test.ts`,
  '--testPathIgnorePatterns=/node_modules/',
];
/** What only machines that boot can show. */
const WITHOUT_BOOTED = '--testPathIgnorePatterns=/test/cloud/booted/';

async function main(): Promise<void> {
  const options = process.argv.slice(2);
  const crashOnly = options.includes('--crash');
  const cloudOnly = options.includes('--cloud');
  const nodesOnly = options.includes('--nodes');
  const fuzzOnly = options.includes('--fuzz');
  const isAlone = cloudOnly || nodesOnly || fuzzOnly;
  const jestArguments = options.filter((option) => !OWN_OPTIONS.includes(option));
  const abort = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => abort.abort(new Error(signal)));

  const total: Tally = { passed: 0, failed: 0 };
  let servers: RunningServers | undefined;
  try {
    // Says at once what is missing, and not once per test.
    const booted = cloudOnly && readTarget(process.env).booted !== undefined;
    if (!isAlone && !crashOnly) servers = await timed('servers', startServers);
    const environment = {
      ...servers?.environment,
      BAYOU_CRASH: crashOnly ? 'full' : 'short',
      BAYOU_FUZZ: fuzzOnly ? 'full' : 'short',
    };
    if (!crashOnly && !isAlone && jestArguments.every((argument) => argument.startsWith('-'))) {
      for (const [name, command] of Object.entries(staticChecks())) {
        add(total, await timed(name, () => checkStep(command, abort.signal)));
      }
    }
    if (!crashOnly) add(total, await timed('build', () => checkStep(buildCommand(), abort.signal)));
    if (crashOnly) {
      const everyPoint = [bin('tsx'), 'test/crash/full.ts'];
      add(total, await timed('crash', () => checkStep(everyPoint, abort.signal, environment)));
      jestArguments.push(`--testMatch=<rootDir>/test/engine/{${FAULT_TABLES.join()}}.test.ts`);
    }
    if (cloudOnly) jestArguments.push(...aloneIn('cloud'), ...(booted ? [] : [WITHOUT_BOOTED]));
    if (nodesOnly) jestArguments.push(...aloneIn('nodes'));
    if (fuzzOnly) jestArguments.push('test/api/fuzz.test.ts');
    const resultFile = join(servers?.folder ?? tmpdir(), `jest-${process.pid}.json`);
    add(total, await timed('jest', () => jestStep(jestArguments, resultFile, environment, abort.signal)));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    add(total, { passed: 0, failed: 1 });
  } finally {
    if (options.includes('--keep') && servers && !abort.signal.aborted) {
      for (const [name, value] of Object.entries(servers.environment)) console.log(`export ${name}='${value}'`);
      servers.keep();
    }
    await servers?.stop();
  }
  process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
  console.log(`${total.passed} passed, ${total.failed} failed`);
}

const bin = (name: string) => join(ROOT, 'node_modules', '.bin', name);

/** Some tests run the program as it is delivered. */
function buildCommand(): string[] {
  return [bin('tsc'), '-p', 'tsconfig.build.json'];
}

function staticChecks(): Record<string, string[]> {
  return {
    lint: [bin('biome'), 'check', '--error-on-warnings', '.'],
    types: [bin('tsc'), '--noEmit'],
    shellcheck: [findPrograms().shellcheck, ...shellScripts()],
  };
}

function shellScripts(): string[] {
  const found = ['templates', 'devstack', 'examples', 'test'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && (entry.name.endsWith('.sh') || !entry.name.includes('.')))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => file.endsWith('.sh') || readFileSync(file, 'utf8').startsWith('#!/usr/bin/env bash')),
  );
  const ci = join(ROOT, '.ci');
  return [...readdirSync(ci).map((name) => join(ci, name)), ...found];
}

async function checkStep(
  command: string[],
  signal: AbortSignal,
  environment: Record<string, string> = {},
): Promise<Tally> {
  const code = await execute(command, environment, signal);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function jestStep(
  jestArguments: string[],
  resultFile: string,
  environment: Record<string, string>,
  signal: AbortSignal,
): Promise<Tally> {
  const jest = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
  const command = [process.execPath, jest, '--ci', '--json', `--outputFile=${resultFile}`, ...jestArguments];
  const code = await execute(command, environment, signal);
  return countTests(resultFile, code);
}

/** What did not run, a skipped test or a suite that could not be loaded, is a failure. */
function countTests(resultFile: string, code: number): Tally {
  if (!existsSync(resultFile)) return { passed: 0, failed: 1 };
  const result = JSON.parse(readFileSync(resultFile, 'utf8')) as Record<string, number>;
  rmSync(resultFile);
  const count = (key: string) => result[key] ?? 0;
  const notRun = count('numPendingTests') + count('numTodoTests') + count('numRuntimeErrorTestSuites');
  if (notRun > 0) console.log(`${notRun} tests or suites did not run, which counts as failed`);
  const failed = count('numFailedTests') + notRun;
  return { passed: count('numPassedTests'), failed: failed === 0 && code !== 0 ? 1 : failed };
}

/** @returns the exit code; not 0 when it was ended by a signal or took too long: then with all that it had started. */
function execute(command: string[], environment: Record<string, string>, signal: AbortSignal): Promise<number> {
  const [program = '', ...args] = command;
  signal.throwIfAborted();
  return new Promise((resolveCode) => {
    const child = spawn(program, args, {
      cwd: ROOT,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
    });
    const killAll = () => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL');
    const timer = setTimeout(() => {
      console.error(`${program}: stopped after ${STEP_TIMEOUT_MS / 60_000} minutes`);
      killAll();
    }, STEP_TIMEOUT_MS);
    const end = (code: number) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', killAll);
      resolveCode(code);
    };
    signal.addEventListener('abort', killAll);
    child.on('error', (error) => {
      console.error(`${program}: ${error.message}`);
      end(1);
    });
    child.on('exit', (code) => end(code ?? 1));
  });
}

async function timed<T>(name: string, run: () => Promise<T>): Promise<T> {
  console.log(`\n== ${name}`);
  const start = performance.now();
  try {
    return await run();
  } finally {
    console.log(`== ${name}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  }
}

function add(total: Tally, more: Tally): void {
  total.passed += more.passed;
  total.failed += more.failed;
}

void main();
