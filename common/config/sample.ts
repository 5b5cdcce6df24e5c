import type { z } from 'zod';
import { configSchema } from './schema.js';

/** The whole configuration as a commented file in oslo's form, printed from the schema. */
export function sampleConfig(): string {
  const sections = Object.entries(configSchema.shape).map(([name, section]) => {
    const settings = Object.entries(section.shape).map(([key, field]) => sampleSetting(key, field as z.ZodType));
    return `[${name}]\n\n${settings.join('\n')}`;
  });
  return `# Settings of Bayou. What is commented out is the default.\n# The environment goes over the file: BAYOU_API__PORT=9511\n\n${sections.join('\n')}`;
}

function sampleSetting(key: string, field: z.ZodType): string {
  const byDefault = field.safeParse(undefined);
  const value = byDefault.success && byDefault.data !== undefined ? sampleValue(byDefault.data) : '<none>';
  return `# ${field.description ?? ''}\n#${key} = ${value}\n`;
}

function sampleValue(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : String(value);
}
