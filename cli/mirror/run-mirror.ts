import { systemClock } from '../../common/clock.js';
import type { LoadedConfig } from '../../common/config/load.js';
import { errorText, isServiceError } from '../../common/errors.js';
import { systemIds } from '../../common/ids.js';
import { isOpenStackError } from '../../openstack/errors.js';
import { type MirrorDeps, type MirrorOptions, mirrorList, mirrorSync } from './mirror.js';

export type MirrorCommand = 'list' | 'sync';

/** Of the process that runs it. */
export interface MirrorOutside extends Omit<MirrorDeps, 'config'> {
  printError(line: string): void;
}

/**
 * SIGINT, SIGTERM and the end of a reader break it off; nothing that is not complete stays.
 * @returns the exit code
 */
export function runMirror(command: MirrorCommand, load: () => LoadedConfig, options: MirrorOptions): Promise<number> {
  const abort = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => abort.abort(new Error(`broken off by ${signal}`)));
  }
  process.stdout.on('error', (error) => abort.abort(error));
  return mirrorWith(command, load, options, {
    environment: process.env,
    clock: systemClock,
    ids: systemIds,
    signal: abort.signal,
    print: (line) => void process.stdout.write(`${line}\n`),
    printError: (line) => void process.stderr.write(`${line}\n`),
  });
}

/** What goes wrong is one sentence, and 1. */
export async function mirrorWith(
  command: MirrorCommand,
  load: () => LoadedConfig,
  options: MirrorOptions,
  outside: MirrorOutside,
): Promise<number> {
  try {
    const deps = { ...outside, config: load().config };
    if (command === 'list') mirrorList(deps, options);
    else await mirrorSync(deps, options);
    return 0;
  } catch (error) {
    const isTold = isServiceError(error) || isOpenStackError(error) || isFileError(error);
    if (!isTold && outside.signal?.aborted !== true) throw error;
    outside.printError(`bayou: ${errorText(error)}`);
    return 1;
  }
}

/** A folder that can't be written, a full disk: its words name the file. */
function isFileError(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'syscall' in error;
}
