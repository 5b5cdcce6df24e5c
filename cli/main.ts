#!/usr/bin/env node
import './small-start.js';
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { loadConfig } from '../common/config/load.js';
import { magnumTable } from '../common/config/magnum-table.js';
import { sampleConfig } from '../common/config/sample.js';
import { errorText, isServiceError } from '../common/errors.js';
import { packageVersion } from '../common/package-root.js';
import { printSchemaVersion, upgradeDatabase } from './database.js';
import type { MirrorOptions } from './mirror/mirror.js';
import { runService } from './run.js';

/** Looked for when no file is named, in this order. */
const DEFAULT_FILES = ['/etc/bayou/bayou.conf', '/etc/magnum/magnum.conf'];

interface Options extends MirrorOptions {
  /** Name or id, for `doctor`. */
  project: string | undefined;
}

type Command = (configFile: string | undefined, options: Options) => Promise<void>;

const load = (file: string | undefined) => loadConfig(file, process.env);

/** Every command there is, with what `bayou help` says of it. A service need not hold what only the doctor uses. */
const COMMANDS: Record<string, { help: string; run: Command }> = {
  all: {
    help: 'API and conductor in one process; without a Keystone in the configuration, a development cloud too',
    run: (file) => runService(load(file), { api: true, conductor: true }),
  },
  api: {
    help: 'the API and the node listener',
    run: (file) => runService(load(file), { api: true, conductor: false }),
  },
  conductor: { help: 'a conductor', run: (file) => runService(load(file), { api: false, conductor: true }) },
  'db upgrade': { help: 'bring the database to the newest schema', run: (file) => upgradeDatabase(load(file).config) },
  'db version': { help: 'show the schema of the database', run: (file) => printSchemaVersion(load(file).config) },
  doctor: {
    help: 'check settings, servers, services, rights and addresses, and say what to do (--project: where to try an account)',
    run: async (file, { project }) => {
      const { runDoctor } = await import('./doctor/doctor.js');
      if (!(await runDoctor(() => load(file), project))) process.exitCode = 1;
    },
  },
  'mirror list': {
    help: 'print what a version of Kubernetes or Mesos consists of, and where it comes from (--orchestrator, --version)',
    run: async (file, options) => {
      const { runMirror } = await import('./mirror/run-mirror.js');
      process.exitCode = await runMirror('list', () => load(file), options);
    },
  },
  'mirror sync': {
    help: 'fetch it, check it and put it --to ./folder or container (--orchestrator, --version, --source, --bill-out, --registry-prefix)',
    run: async (file, options) => {
      const { runMirror } = await import('./mirror/run-mirror.js');
      process.exitCode = await runMirror('sync', () => load(file), options);
    },
  },
  'config magnum': {
    help: "print what becomes of Magnum's settings",
    run: async () => void process.stdout.write(magnumTable()),
  },
  'config sample': {
    help: 'print all settings with their defaults',
    run: async () => void process.stdout.write(sampleConfig()),
  },
};

function usage(): string {
  const lines = Object.entries(COMMANDS).map(([name, { help }]) => `  bayou ${name.padEnd(14)} ${help}`);
  return `Usage: bayou COMMAND [--config-file FILE] [OPTION VALUE ...]\n\n${lines.join('\n')}\n\nSettings come from FILE (default: the first of ${DEFAULT_FILES.join(', ')} that exists)\nand from the environment: BAYOU_<SECTION>__<KEY>, such as BAYOU_API__PORT=9511.\n`;
}

const OPTIONS = {
  'config-file': { type: 'string' },
  project: { type: 'string' },
  orchestrator: { type: 'string' },
  version: { type: 'string' },
  to: { type: 'string' },
  source: { type: 'string' },
  'bill-out': { type: 'string' },
  'registry-prefix': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

async function main(): Promise<void> {
  const words = process.argv.slice(2);
  // With a command it is an orchestrator's version.
  if (words.length === 1 && words[0] === '--version') {
    process.stdout.write(`${packageVersion()}\n`);
    return;
  }
  const { values, positionals } = parseArgs({ args: words, allowPositionals: true, options: OPTIONS });
  const name = positionals.join(' ');
  if (values.help === true || name === 'help') {
    process.stdout.write(usage());
    return;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    process.stderr.write(`${name === '' ? 'No command given' : `There is no command "${name}"`}.\n\n${usage()}`);
    process.exitCode = 2;
    return;
  }
  const file = values['config-file'] ?? DEFAULT_FILES.find((candidate) => existsSync(candidate));
  const { 'bill-out': billOut, 'registry-prefix': registryPrefix, project, ...options } = values;
  await command.run(file, { ...options, project, billOut, registryPrefix });
}

/** An option that there is not, or one without its value. */
function isSlip(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_');
}

main().catch((error: unknown) => {
  if (isSlip(error)) {
    process.stderr.write(`bayou: ${error.message}\n\n${usage()}`);
    process.exit(2);
  }
  process.stderr.write(`bayou: ${errorText(error)}\n`);
  if (!isServiceError(error) && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
  process.exit(1);
});
