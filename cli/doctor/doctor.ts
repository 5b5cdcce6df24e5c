import { systemClock } from '../../common/clock.js';
import type { LoadedConfig } from '../../common/config/load.js';
import { endsWithin } from '../../common/drain.js';
import { errorText, isServiceError } from '../../common/errors.js';
import { systemIds } from '../../common/ids.js';
import { type Check, type Finding, fail, type Patient, warn } from './check.js';
import { CHECKS } from './checks.js';
import { patientOf } from './patient.js';

const LIMIT_MS = 20_000;
/** For what a check removes after its time is over. */
const CLEANUP_MS = 20_000;

/**
 * Prints a line per finding. SIGINT, SIGTERM and the end of a reader break it off; what was made is removed all the same.
 * @returns whether nothing failed
 */
export async function runDoctor(load: () => LoadedConfig, project: string | undefined): Promise<boolean> {
  const abort = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => abort.abort(new Error(`broken off by ${signal}`)));
  }
  process.stdout.on('error', (error) => abort.abort(error));
  let isHealthy = true;
  for await (const finding of diagnose(load, project, abort.signal)) {
    isHealthy &&= finding.state !== 'fail';
    process.stdout.write(`${lineOf(finding)}\n`);
  }
  return isHealthy;
}

/** With the configuration itself as the first check. */
export async function* diagnose(
  load: () => LoadedConfig,
  project: string | undefined,
  signal?: AbortSignal,
): AsyncGenerator<Finding> {
  let loaded: LoadedConfig;
  try {
    loaded = load();
  } catch (error) {
    if (!isServiceError(error)) throw error;
    yield fail('configuration', errorText(error), 'mend what is named here; nothing else was checked');
    return;
  }
  yield* examine(patientOf({ clock: systemClock, ids: systemIds }, loaded, project), signal);
}

/** All checks one after the other; what needs a failed one is not checked. */
export async function* examine(patient: Patient, signal?: AbortSignal): AsyncGenerator<Finding> {
  const broken = new Set<string>();
  for (const check of CHECKS) {
    const cause = check.needs?.find((name) => broken.has(name));
    const findings =
      cause === undefined
        ? await runCheck(check, patient, signal)
        : [warn(check.name, 'not checked', `mend first: ${cause}`)];
    if (cause !== undefined || findings.some(({ state }) => state === 'fail')) broken.add(check.name);
    yield* findings;
    if (signal?.aborted) return;
  }
}

/** Ends in time, whatever the check does. */
async function runCheck(check: Check, patient: Patient, signal: AbortSignal | undefined): Promise<Finding[]> {
  const { clock } = patient;
  const limitMs = check.limitMs ?? LIMIT_MS;
  const limit = new AbortController();
  const stop = () => limit.abort(signal?.reason);
  signal?.addEventListener('abort', stop, { once: true });
  const cancel = clock.after(limitMs, () => limit.abort(new Error(`no end after ${limitMs / 1000} s`)));
  let findings: Finding[] = [fail(check.name, `no end after ${limitMs / 1000} s`, check.remedy)];
  const work = check.run(patient, { signal: limit.signal }).then(
    (found) => {
      findings = found;
    },
    (error: unknown) => {
      findings = [fail(check.name, errorText(error), check.remedy)];
    },
  );
  try {
    await endsWithin(clock, limitMs + CLEANUP_MS, work);
    return findings;
  } finally {
    cancel();
    signal?.removeEventListener('abort', stop);
  }
}

/** `ok    what: found`, with what to do where it is not. */
export function lineOf({ state, what, found, remedy }: Finding): string {
  const oneLine = found.replace(/\s*\n\s*/g, '; ');
  return `${state.padEnd(4)}  ${what}: ${oneLine}${remedy === undefined ? '' : `. To do: ${remedy}.`}`;
}
