import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, isScalar, parseDocument, type YAMLMap } from 'yaml';
import type { Config } from '../common/config/schema.js';
import { meantWord } from '../common/edit-distance.js';
import { errorText, ServiceError } from '../common/errors.js';
import { Policy } from './policy.js';
import { DEFAULT_RULES, defaultRules } from './policy-rules.js';

type PolicySettings = Config['osloPolicy'];

const MAX_FILE_BYTES = 1_048_576;
const MAX_FILES_PER_FOLDER = 100;
const MAX_NAME_SLIP = 6;

/** What Magnum has or had rules for; those of objects that Bayou does not serve mean nothing and are no slip. */
const MAGNUMS_OWN =
  /^(pod|rc|service|container|node|bay|baymodel|cluster|clustertemplate|certificate|federation|magnum-service):(create|delete|detail|get|get_all|get_one|update|start|stop|reboot|pause|unpause|logs|execute|rotate_ca|publish)$/;

/**
 * The policy in force: the defaults, and over them the operator's files.
 * @throws ServiceError `invalid`: one sentence that names the file, the line or the rule.
 */
export function loadPolicy(settings: PolicySettings): Policy {
  const changed = policyFilesOf(settings).map(readRules);
  const own: Record<string, string> = Object.assign({}, ...changed);
  const rules = { ...defaultRules(settings.enforceNewDefaults), ...own };
  const policy = new Policy(rules, {
    defaultRule: settings.policyDefaultRule,
    enforcesScope: settings.enforceScope,
  });
  policy.warnings = [...policy.warnings, ...unknownNames(own, settings.policyDefaultRule)];
  return policy;
}

/** Changes whenever a file does, or comes, or goes. */
export function policyFilesVersion(settings: PolicySettings): string {
  const versions = policyFilesOf(settings).map((path) => {
    const { mtimeMs, size } = statSync(path);
    return `${path} ${mtimeMs} ${size}`;
  });
  return versions.join('\n');
}

/** Whether the policy's own file was there in that version and is no more: without it others would have more rights. */
export function policyFileWentAway({ policyFile }: PolicySettings, version: string): boolean {
  if (policyFile === undefined || isThere(policyFile)) return false;
  return version.split('\n').some((line) => line.startsWith(`${policyFile} `));
}

/** The file first, then those of the folders in the order of their names, as in oslo.policy. */
function policyFilesOf({ policyFile, policyDirs }: PolicySettings): string[] {
  const file = policyFile !== undefined && isThere(policyFile) ? [policyFile] : [];
  const others = policyDirs.filter(isThere).flatMap((folder) => {
    const names = readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name);
    if (names.length > MAX_FILES_PER_FOLDER) throw fileError(folder, `more than ${MAX_FILES_PER_FOLDER} files`);
    return names.toSorted().map((name) => join(folder, name));
  });
  return [...file, ...others];
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function readRules(path: string): Record<string, string> {
  const document = parseDocument(readText(path));
  const [broken] = document.errors;
  if (broken !== undefined) throw fileError(path, broken.message.split('\n')[0]?.replace(/:$/, '') ?? '');
  if (document.contents === null) return {};
  if (!isMap(document.contents)) throw fileError(path, 'expected names of rules and their texts');
  return Object.fromEntries(entriesOf(path, document.contents));
}

function readText(path: string): string {
  try {
    const text = readFileSync(path, 'utf8');
    if (text.length > MAX_FILE_BYTES) throw new Error(`it is larger than ${MAX_FILE_BYTES} bytes`);
    return text;
  } catch (error) {
    throw fileError(path, errorText(error));
  }
}

function entriesOf(path: string, map: YAMLMap): [string, string][] {
  return map.items.map(({ key, value }) => {
    const name = String(isScalar(key) ? key.value : key);
    // YAML takes a bare "!" for a tag with nothing behind it, and nothing allows everybody.
    const isBareMark = isScalar(value) && value.tag === '!';
    const text = isBareMark ? undefined : ruleText(isScalar(value) ? value.value : (value as YAMLMap | null)?.toJSON());
    if (text !== undefined) return [name, text];
    throw fileError(path, `rule "${name}" is no text; in quotes, "!" is for nobody and "@" for everybody`);
  });
}

/** Lists are the form of old: any of them, each all of its own. */
function ruleText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return undefined;
  if (value.length === 0) return '@';
  const alternatives = value
    .map((item: unknown) => (Array.isArray(item) ? item : [item]))
    .filter((all) => all.length > 0);
  if (alternatives.flat().some((check) => typeof check !== 'string')) return undefined;
  return alternatives.length === 0 ? '!' : alternatives.map((all) => `(${all.join(' and ')})`).join(' or ');
}

/** A rule that nobody asks for does nothing, which is not what was wanted. */
function unknownNames(own: Record<string, string>, defaultRule: string): string[] {
  const known = Object.keys(DEFAULT_RULES);
  const referred = new Set(
    Object.values(own).flatMap((text) => [...text.matchAll(/\brule:([^\s)]+)/g)].map(([, name]) => name)),
  );
  return Object.keys(own)
    .filter((name) => !known.includes(name) && !referred.has(name) && name !== defaultRule && !MAGNUMS_OWN.test(name))
    .map((name) => {
      const meant = meantWord(name, known, MAX_NAME_SLIP);
      return `Policy rule "${name}" is none of Bayou's and does nothing${meant === undefined ? '' : `; did you mean "${meant}"?`}`;
    });
}

function fileError(path: string, problem: string): ServiceError {
  return new ServiceError('invalid', `The policy file ${path} can't be used: ${problem}`, { code: 'policy_invalid' });
}
