import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/** Of Magnum, and of oslo.policy before it. */
const DEFAULT_FILES = ['policy.yaml', 'policy.json'];
const DEFAULT_FOLDER = 'policy.d';

/**
 * oslo.config looks for the policy's files beside the configuration; here each gets its whole path. A file that goes by
 * a default name need not be there, as in oslo.policy; any other must, for its rules are taken to hold.
 * @returns what is wrong with the settings.
 */
export function locatePolicyFiles(values: Map<string, Map<string, string>>, directory: string): string[] {
  const settings = values.get('oslo_policy') ?? new Map<string, string>();
  values.set('oslo_policy', settings);
  const named = settings.get('policy_file');
  const isDefault = named === undefined || DEFAULT_FILES.includes(named);
  const candidates = isDefault ? [...new Set([named ?? '', ...DEFAULT_FILES])].filter((name) => name !== '') : [named];
  const paths = candidates.map((name) => resolve(directory, name));
  const path = paths.find((candidate) => existsSync(candidate)) ?? paths[0] ?? '';
  settings.set('policy_file', path);
  const folders = (settings.get('policy_dirs') ?? DEFAULT_FOLDER).split(/[,\n]/).filter((name) => name.trim() !== '');
  settings.set('policy_dirs', folders.map((name) => resolve(directory, name.trim())).join(','));
  return isDefault || existsSync(path) ? [] : [`[oslo_policy] policy_file: there is no ${path}`];
}
