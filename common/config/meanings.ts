import type { z } from 'zod';
import { meantWord } from '../edit-distance.js';
import { MAGNUM_KEYS, type MagnumKeys } from './magnum-keys.js';
import { configSchema } from './schema.js';

/** Changes of letters that still count as a slip of a key. */
const MAX_KEY_SLIP = 4;
/** Of a section's name, which is rather a library's than a slip. */
const MAX_SECTION_SLIP = 2;

const sections = [...new Set([...Object.keys(configSchema.shape), ...MAGNUM_KEYS.map(({ section }) => section)])];

/** Bayou's own settings of a section. */
export function sectionFields(section: string): Readonly<Record<string, z.ZodType>> | undefined {
  return (configSchema.shape as Record<string, z.ZodObject | undefined>)[section]?.shape as
    | Record<string, z.ZodType>
    | undefined;
}

export function isKnownSection(section: string): boolean {
  return sections.includes(section);
}

/** What a setting of Magnum means here; one that is named goes before one that begins so. */
export function meaningOf(section: string, key: string): MagnumKeys | undefined {
  const rows = MAGNUM_KEYS.filter((row) => row.section === section);
  return (
    rows.find(({ keys }) => keys.split(' ').includes(key)) ??
    rows.find(({ keys }) => keys.split(' ').some((name) => name.endsWith('*') && key.startsWith(name.slice(0, -1))))
  );
}

export function meantSection(section: string): string | undefined {
  return meantWord(section, sections, MAX_SECTION_SLIP);
}

/** Advice for a key that nobody knows: the same key of another section, or the nearest one of this. */
export function meantSetting(section: string, key: string): string {
  const near = meantWord(key, namesIn(section), MAX_KEY_SLIP);
  if (near !== undefined) return `did you mean "${near}"?`;
  const homes = sections.filter((name) => namesIn(name).includes(key));
  if (homes.length === 1) return `did you mean [${homes[0]}] ${key}?`;
  return 'neither Bayou nor Magnum has it: take it out';
}

function namesIn(section: string): string[] {
  const magnums = MAGNUM_KEYS.filter((row) => row.section === section).flatMap(({ keys }) => keys.split(' '));
  return [...Object.keys(sectionFields(section) ?? {}), ...magnums.filter((name) => !name.endsWith('*'))];
}
