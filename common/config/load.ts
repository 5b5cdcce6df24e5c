import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import { errorText, ServiceError } from '../errors.js';
import { resolveIdentity } from './identity-sections.js';
import { type IniFile, parseIni } from './ini.js';
import { isKnownSection, meaningOf, meantSection, meantSetting, sectionFields } from './meanings.js';
import { locatePolicyFiles } from './policy-files.js';
import { type Config, configSchema } from './schema.js';
import { substituted } from './substitution.js';

export interface LoadedConfig {
  config: Config;
  /** Settings of Magnum and sections of libraries that do nothing here. */
  passedOver: PassedOver[];
}

export interface PassedOver {
  /** As `[section] key`, or `[section]`. */
  setting: string;
  because: string;
  /** Bayou does not do what the setting asks for. */
  missed: boolean;
}

/** What has been read so far, and what was found on the way. */
interface Reading {
  /** Bayou's own settings, as text. */
  values: Map<string, Map<string, string>>;
  passedOver: PassedOver[];
  problems: string[];
}

/**
 * File first, environment on top (`BAYOU_<SECTION>__<KEY>`, as in `BAYOU_API__PORT`). The file may be Magnum's.
 * @throws ServiceError `invalid` that lists all problems at once.
 */
export function loadConfig(
  file: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): LoadedConfig {
  const reading: Reading = { values: new Map(), passedOver: [], problems: [] };
  if (file !== undefined) readFile(reading, readConfigFile(file));
  readEnvironment(reading, environment);
  clientsKeystoneIsKeystone(reading);
  const { problems } = reading;
  if (file !== undefined || reading.values.has('oslo_policy')) {
    problems.push(...locatePolicyFiles(reading.values, file === undefined ? process.cwd() : dirname(resolve(file))));
  }
  const parsed = configSchema.safeParse(
    Object.fromEntries(
      Object.keys(configSchema.shape).map((name) => [name, Object.fromEntries(reading.values.get(name) ?? [])]),
    ),
  );
  if (!parsed.success) problems.push(...parsed.error.issues.map(describeIssue));
  if (problems.length > 0 || !parsed.success) {
    throw new ServiceError(
      'invalid',
      `The configuration has ${problems.length} problem(s):\n  ${problems.join('\n  ')}`,
    );
  }
  return { config: freezeCamel(parsed.data), passedOver: reading.passedOver };
}

function readConfigFile(file: string): IniFile {
  try {
    return substituted(parseIni(readFileSync(file, 'utf8'), file));
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    throw new ServiceError('invalid', `The configuration file can't be read: ${errorText(error)}`, { cause: error });
  }
}

function readFile(reading: Reading, file: IniFile): void {
  reading.problems.push(...resolveIdentity(file));
  const aliases: { is: string; value: string }[] = [];
  for (const [section, values] of file) {
    if (!isKnownSection(section)) {
      readForeignSection(reading, section);
      continue;
    }
    for (const [key, value] of values) {
      const alias = readSetting(reading, section, key, value);
      if (alias !== undefined) aliases.push({ is: alias, value });
    }
  }
  // Under its own name a setting wins, wherever it stands in the file.
  for (const { is, value } of aliases) {
    const [section = '', key = ''] = is.split('.');
    if (reading.values.get(section)?.has(key) !== true) set(reading, section, key, value);
  }
}

/** A library's section, or a slip of one of ours. */
function readForeignSection({ problems, passedOver }: Reading, section: string): void {
  const meant = meantSection(section);
  if (meant !== undefined) problems.push(`[${section}]: no such section; did you mean [${meant}]?`);
  else passedOver.push({ setting: `[${section}]`, because: 'a section of a library', missed: false });
}

/** @returns Bayou's own setting when this is another name for it. */
function readSetting(reading: Reading, section: string, key: string, value: string): string | undefined {
  const setting = `[${section}] ${key}`;
  if (sectionFields(section)?.[key] !== undefined) {
    set(reading, section, key, value);
    return undefined;
  }
  const meaning = meaningOf(section, key);
  if (meaning === undefined) {
    reading.problems.push(`${setting}: no such setting; ${meantSetting(section, key)}`);
    return undefined;
  }
  if ('is' in meaning) return meaning.is.replace('*', key);
  if (value === '') return undefined;
  const missed = 'instead' in meaning;
  const because = missed ? meaning.instead : meaning.because;
  if (!missed && meaning.only?.test(value) === false) {
    reading.problems.push(`${setting}: "${value}" is not possible here: ${because}`);
  } else {
    reading.passedOver.push({ setting, because, missed });
  }
  return undefined;
}

function readEnvironment(reading: Reading, environment: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(environment)) {
    const match = /^BAYOU_([A-Z0-9_]+?)__([A-Z0-9_]+)$/.exec(name);
    if (match?.[1] === undefined || match[2] === undefined || value === undefined) continue;
    const section = match[1] === 'DEFAULT' ? 'DEFAULT' : match[1].toLowerCase();
    const key = match[2].toLowerCase();
    if (sectionFields(section)?.[key] !== undefined) set(reading, section, key, value);
    else reading.problems.push(`${name}: no such setting; ${meantSetting(section, key)}`);
  }
}

/** What is left empty has its default, but for a list, which is then empty. */
function set({ values }: Reading, section: string, key: string, value: string): void {
  const isLeftOpen = value === '' && sectionFields(section)?.[key]?.safeParse('').success === false;
  const known = values.get(section) ?? new Map<string, string>();
  values.set(section, known);
  if (isLeftOpen) known.delete(key);
  else known.set(key, value);
}

/** Magnum itself goes to the Keystone of its clients; a file may name no other. */
function clientsKeystoneIsKeystone(reading: Reading): void {
  const keystone = reading.values.get('keystone_authtoken');
  const forClients = keystone?.get('www_authenticate_uri')?.replace(/\/v2\.0\/?$/, '/v3');
  if (forClients !== undefined && keystone?.has('auth_url') === false) {
    set(reading, 'keystone_authtoken', 'auth_url', forClients);
  }
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const [section, key] = issue.path;
  return `[${String(section)}] ${String(key)}: ${issue.message}`;
}

function camel(name: string): string {
  return name === 'DEFAULT' ? 'general' : name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function freezeCamel(values: Record<string, Record<string, unknown>>): Config {
  const sections = Object.entries(values).map(([section, keys]) => [
    camel(section),
    Object.freeze(Object.fromEntries(Object.entries(keys).map(([key, value]) => [camel(key), value]))),
  ]);
  return Object.freeze(Object.fromEntries(sections)) as Config;
}
