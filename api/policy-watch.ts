import { type Cancel, type Clock, repeat } from '../common/clock.js';
import type { Config } from '../common/config/schema.js';
import { errorText } from '../common/errors.js';
import type { Log } from '../common/log.js';
import type { Policy } from './policy.js';
import { loadPolicy, policyFilesVersion, policyFileWentAway } from './policy-files.js';

const LOOK_MS = 10_000;

interface PolicyWatchDeps {
  clock: Clock;
  log: Log;
  policy: Policy;
}

/**
 * Reads the policy's files again when one has changed. One that can't be used, or is gone, is told at each look, and the
 * old rules hold on.
 */
export function watchPolicy(deps: PolicyWatchDeps, settings: Config['osloPolicy']): Cancel {
  const { clock, log, policy } = deps;
  if (settings.policyFile === undefined && settings.policyDirs.length === 0) return () => {};
  let read = policyFilesVersion(settings);
  const look = async (): Promise<void> => {
    const present = policyFilesVersion(settings);
    if (present === read) return;
    if (policyFileWentAway(settings, read)) throw new Error(`the policy file ${settings.policyFile} is gone`);
    read = present;
    policy.become(loadPolicy(settings));
    log.info({ files: present.split('\n') }, 'Policy read again');
    tellPolicyWarnings(log, policy);
  };
  return repeat(clock, LOOK_MS, look, (error) =>
    log.error({ error: errorText(error) }, 'The changed policy was not taken over'),
  );
}

export function tellPolicyWarnings(log: Log, policy: Policy): void {
  for (const warning of policy.warnings) log.warn({ warning }, 'Odd rule in the policy');
}
